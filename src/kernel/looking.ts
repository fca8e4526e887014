// Reads what somebody wants to know of one namespace: a question to the kernel for each kind of thing.

import { type Address, families, type Family } from '../core/address.ts'
import type { Look } from './kernel.ts'
import { addressMessages, askForAddresses, readAddress } from './netlink/address-messages.ts'
import { isRefusal } from './netlink/kernel-refusal.ts'
import { askForLinks, linkMessages, readLink } from './netlink/link-messages.ts'
import { askForNeighbours, neighbourMessages, readNeighbour } from './netlink/neighbour-messages.ts'
import { type NameOf, readRoute, readWay, routeMessages } from './netlink/route-messages.ts'
import { askForRoutes, askForWay } from './netlink/route-orders.ts'
import { askForRules, readRule, ruleMessages } from './netlink/rule-messages.ts'
import { markState } from './nftables/mark-state.ts'
import type { Room } from './room.ts'
import { readSysctl } from './sysctl.ts'
import {
  type Link,
  type NamespaceView,
  type Neighbour,
  type Route,
  type Rule,
  tables
} from './view.ts'

/** What the kernel says where no way leads (ip-route(8)); some of them are routes that refuse. */
const noWay = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'EAGAIN', 'ENODEV']

/** Throws `KernelRefusal` and `SystemFailure`. */
export function lookAt(room: Room, look: Look): NamespaceView {
  const names = new Map<number, string | undefined>()
  const nameOf: NameOf = index => {
    if (!names.has(index)) names.set(index, room.nameOf(index))
    return names.get(index)
  }
  const links = look.links === true ? readLinks(room, names, nameOf) : []
  return {
    links,
    addresses:
      look.addresses === true
        ? room.route.list(addressMessages.get, askForAddresses, entry => readAddress(entry, nameOf))
        : [],
    routes: readRoutes(room, look.routes, nameOf),
    rules: readRules(room, look.rules),
    neighbours: readNeighbours(room, look.neighbours, nameOf),
    sysctls: readSysctls(room, look.sysctls ?? []),
    ...(look.marks !== undefined && { marks: markState(room.netfilter, look.marks) }),
    ways: (look.waysTo ?? []).map(to => wayTo(room, to, nameOf))
  }
}

function readLinks(
  room: Room,
  names: Map<number, string | undefined>,
  nameOf: NameOf
): readonly Link[] {
  const told = room.route.list(linkMessages.get, askForLinks, readLink)
  for (const { index, name } of told) names.set(index, name)
  return told.map(({ masterIndex, ...link }) => {
    const master = masterIndex === undefined ? undefined : nameOf(masterIndex)
    return master === undefined ? link : { ...link, master }
  })
}

function readRoutes(room: Room, look: Look['routes'], nameOf: NameOf): readonly Route[] {
  if (look === undefined) return []
  const wanted = look.tables === undefined ? [undefined] : look.tables
  return (look.families ?? families).flatMap(family =>
    wanted.flatMap(table => routesOf(room, family, table, nameOf))
  )
}

function routesOf(
  room: Room,
  family: Family,
  table: number | undefined,
  nameOf: NameOf
): readonly Route[] {
  try {
    // Kernels before 4.20 tell all tables, whichever was asked for.
    const isWanted = (one: number) => (table === undefined ? one !== tables.local : one === table)
    return room.route.list(routeMessages.get, askForRoutes(family, table), entry =>
      readRoute(entry, nameOf, isWanted)
    )
  } catch (error) {
    // A table is there with its first route.
    if (table !== undefined && isRefusal(error, 'ENOENT')) return []
    throw error
  }
}

function readRules(room: Room, look: Look['rules']): readonly Rule[] {
  if (look === undefined) return []
  return (look.families ?? families).flatMap(family =>
    room.route.list(ruleMessages.get, askForRules(family), readRule)
  )
}

function readNeighbours(
  room: Room,
  look: Look['neighbours'],
  nameOf: NameOf
): readonly Neighbour[] {
  if (look === undefined) return []
  const index = look.link === undefined ? undefined : room.findIndex(look.link)
  if (look.link !== undefined && index === undefined) return []
  return room.route
    .list(neighbourMessages.get, askForNeighbours(index), entry => readNeighbour(entry, nameOf))
    .filter(({ link }) => look.link === undefined || link === look.link)
}

function readSysctls(room: Room, keys: readonly string[]): ReadonlyMap<string, string> {
  if (keys.length === 0) return new Map()
  return room.visit(() => {
    const values = keys.map(key => [key, readSysctl(key)] as const)
    return new Map(values.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
  })
}

function wayTo(room: Room, to: Address, nameOf: NameOf): Route | undefined {
  try {
    return room.route.get(routeMessages.get, askForWay(to), answer => readWay(answer, nameOf))
  } catch (error) {
    if (isRefusal(error, ...noWay)) return undefined
    throw error
  }
}
