// Reads what somebody wants to know of one namespace: a question to the kernel for each kind of thing.

import { type Address, families, type Family, familyOf } from '../core/address.ts'
import type { Look } from './kernel.ts'
import { addressMessages, askForAddresses, readAddress } from './netlink/address-messages.ts'
import { bytesOf } from './netlink/family-codes.ts'
import {
  askForLink,
  askForLinks,
  linkMessages,
  readLink,
  type ToldLink
} from './netlink/link-messages.ts'
import { askForNeighbours, neighbourMessages, readNeighbour } from './netlink/neighbour-messages.ts'
import { LinkSettings } from './netlink/link-settings.ts'
import type { Absence } from './netlink/netlink-socket.ts'
import {
  type NameOf,
  readRoute,
  readWay,
  routeMessages,
  type WantedRoutes
} from './netlink/route-messages.ts'
import { askForRoutes, askForWay } from './netlink/route-orders.ts'
import { askForRules, readRule, ruleMessages } from './netlink/rule-messages.ts'
import { markState } from './nftables/mark-state.ts'
import type { Room } from './room.ts'
import { readSysctl } from './sysctl.ts'
import {
  type Link,
  type LinkAddress,
  type NamespaceView,
  type Neighbour,
  type Route,
  type Rule
} from './view.ts'

/** What the kernel says where no way leads (ip-route(8)); some of them are routes that refuse. */
const noWay: readonly Absence[] = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EACCES',
  'EINVAL',
  'EAGAIN',
  'ENODEV'
]

/** Of addresses and neighbours the kernel tells both families in one list. */
const bothAtOnce = [undefined] as const

/** Throws `KernelRefusal` and `SystemFailure`. */
export function lookAt(room: Room, look: Look): NamespaceView {
  const names = new Map<number, string | undefined>()
  const nameOf: NameOf = index => {
    if (!names.has(index)) names.set(index, room.nameOf(index))
    return names.get(index)
  }
  const settings = new LinkSettings()
  const links = readLinks(room, look.links, settings, names, nameOf)
  const indexOf = (wanted: string) =>
    look.links === true ? links.find(({ name }) => name === wanted)?.index : room.findIndex(wanted)
  const within = look.families ?? families
  return {
    links,
    addresses: readAddresses(room, look, nameOf),
    routes: readRoutes(room, look.routes, within, nameOf),
    rules: look.rules === undefined ? [] : readRules(room, within),
    neighbours: readNeighbours(room, look, indexOf, nameOf),
    ...readInside(room, look, settings),
    ways: (look.waysTo ?? []).map(to => wayTo(room, to, nameOf))
  }
}

function readLinks(
  room: Room,
  look: Look['links'],
  settings: LinkSettings,
  names: Map<number, string | undefined>,
  nameOf: NameOf
): readonly Link[] {
  if (look === undefined) return []
  const told =
    look === true
      ? room.route.list(linkMessages.get, askForLinks, message => {
          const link = readLink(message)
          if (link !== undefined) settings.note(message, link.name)
          return link
        })
      : look.names.flatMap(name => readOneLink(room, name) ?? [])
  for (const { index, name } of told) names.set(index, name)
  return told.map(({ masterIndex, ...link }) => {
    const master = masterIndex === undefined ? undefined : nameOf(masterIndex)
    return master === undefined ? link : { ...link, master }
  })
}

function readOneLink(room: Room, name: string): ToldLink | undefined {
  return room.route.find(linkMessages.get, askForLink(name), readLink, ['ENODEV'])
}

function readAddresses(
  room: Room,
  { addresses, families: within }: Look,
  nameOf: NameOf
): readonly LinkAddress[] {
  if (addresses === undefined) return []
  const wanted = typeof addresses === 'object' ? addresses : undefined
  const asked = addresses === 'OfBothFamilies' ? bothAtOnce : (within ?? bothAtOnce)
  return asked.flatMap(family =>
    room.route.list(addressMessages.get, askForAddresses(family), entry =>
      readAddress(entry, nameOf, wanted)
    )
  )
}

function readRoutes(
  room: Room,
  look: Look['routes'],
  within: readonly Family[],
  nameOf: NameOf
): readonly Route[] {
  if (look === undefined) return []
  return within.flatMap(family => {
    const near = look.to?.filter(one => familyOf(one) === family)
    const to = near?.map(one => bytesOf(one, family))
    const wanted = look.tables ?? [undefined]
    return wanted.flatMap(table => routesOf(room, family, { table, to }, nameOf))
  })
}

function routesOf(
  room: Room,
  family: Family,
  wanted: WantedRoutes,
  nameOf: NameOf
): readonly Route[] {
  const { table } = wanted
  return room.route.list(
    routeMessages.get,
    askForRoutes(family, table),
    entry => readRoute(entry, nameOf, wanted),
    // A table is there with its first route.
    table === undefined ? [] : ['ENOENT']
  )
}

function readRules(room: Room, within: readonly Family[]): readonly Rule[] {
  return within.flatMap(family => room.route.list(ruleMessages.get, askForRules(family), readRule))
}

function readNeighbours(
  room: Room,
  { neighbours: look, families: within }: Look,
  indexOf: (name: string) => number | undefined,
  nameOf: NameOf
): readonly Neighbour[] {
  if (look === undefined) return []
  const index = look.link === undefined ? undefined : indexOf(look.link)
  if (look.link !== undefined && index === undefined) return []
  const of = look.addresses?.map(one => bytesOf(one, familyOf(one)))
  return (within ?? bothAtOnce)
    .flatMap(family =>
      room.route.list(neighbourMessages.get, askForNeighbours(family, index), entry =>
        readNeighbour(entry, nameOf, of)
      )
    )
    .filter(({ link }) => look.link === undefined || link === look.link)
}

/** What has to be visited for, in one visit. */
function readInside(
  room: Room,
  { sysctls = [], marks, links }: Look,
  settings: LinkSettings
): Pick<NamespaceView, 'sysctls' | 'marks'> {
  const told = links === true ? settings.of(sysctls, room.route) : new Map<string, undefined>()
  const files = sysctls.filter(key => !told.has(key))
  const read = () => new Map([...told, ...files.map(key => [key, readSysctl(key)] as const)])
  if (marks === undefined) {
    return { sysctls: present(files.length === 0 ? told : room.visit(read)) }
  }
  return room.visit(() => ({
    sysctls: present(read()),
    marks: markState(room.netfilter, marks)
  }))
}

function present(values: ReadonlyMap<string, string | undefined>): ReadonlyMap<string, string> {
  const all = [...values]
  return new Map(all.filter((one): one is [string, string] => one[1] !== undefined))
}

function wayTo(room: Room, to: Address, nameOf: NameOf): Route | undefined {
  return room.route.find(routeMessages.get, askForWay(to), one => readWay(one, nameOf), noWay)
}
