// One operation, from what is wanted to what the kernel is told. What is wanted to be gone and is not there is gone.

import { isDeepStrictEqual } from 'node:util'
import { assert } from '../core/assert.ts'
import { errorCodeOf } from '../core/error-text.ts'
import { addressMessages, writeAddress } from './netlink/address-messages.ts'
import { isRefusal } from './netlink/kernel-refusal.ts'
import {
  changeLink,
  linkByName,
  linkMessages,
  newBond,
  newVeth,
  newVlan
} from './netlink/link-messages.ts'
import { settingOf, writeSetting } from './netlink/link-settings.ts'
import { flags } from './netlink/message-writer.ts'
import {
  neighbourMessages,
  writeGoneNeighbour,
  writeNeighbour
} from './netlink/neighbour-messages.ts'
import type { Write } from './netlink/netlink-socket.ts'
import { routeMessages } from './netlink/route-messages.ts'
import { writeGoneRoute, writeRoute } from './netlink/route-orders.ts'
import { askForRules, readRule, ruleMessages, writeRule } from './netlink/rule-messages.ts'
import { deleteMarks, putMarks } from './nftables/mark-table.ts'
import type { Operation, Place } from './operation.ts'
import type { Room } from './room.ts'
import { writeSysctl } from './sysctl.ts'
import type { Rule } from './view.ts'

/** The rooms by their places; asking for a pod that the order does not name is a mistake of ours. */
export type Rooms = (place: Place) => Room

const make = flags.create | flags.exclusive
const put = flags.create | flags.replace

/** Throws what the kernel says: `KernelRefusal`, `NoLinkError`, `SystemFailure`, an error of a file. */
export function carryOutOne(operation: Operation, rooms: Rooms): void {
  const room = rooms(operation.at)
  const { route } = room
  const indexOf = (name: string) => room.indexOf(name)
  switch (operation.type) {
    case 'AddVeth':
      return addVeth(operation, rooms)
    case 'AddVlan': {
      const parent = indexOf(operation.parent)
      return route.order(linkMessages.put, make, newVlan(operation.link, parent, operation.id))
    }
    case 'AddBond': {
      const { primary } = operation.options
      const primaryIndex = primary === undefined ? undefined : indexOf(primary)
      return route.order(linkMessages.put, make, newBond({ ...operation, primaryIndex }))
    }
    case 'DeleteLink':
      return remove(room, linkMessages.delete, () => linkByName(operation.name), ['ENODEV'])
    case 'SetLink': {
      const { master, ...change } = operation.change
      const index = indexOf(operation.name)
      const masterIndex =
        typeof master === 'string' ? indexOf(master) : master === null ? 0 : undefined
      return route.order(linkMessages.put, 0, changeLink(index, change, masterIndex))
    }
    case 'PutAddress': {
      const { address } = operation
      return route.order(addressMessages.put, put, writeAddress(address, indexOf(address.link)))
    }
    case 'DeleteAddress': {
      const { address } = operation
      const write = () => writeAddress(address, indexOf(address.link))
      return remove(room, addressMessages.delete, write, ['EADDRNOTAVAIL', 'ENODEV'])
    }
    case 'PutRoute':
      return route.order(routeMessages.put, put, writeRoute(operation.route, indexOf))
    case 'DeleteRoute': {
      const write = () => writeGoneRoute(operation.route, indexOf)
      return remove(room, routeMessages.delete, write, ['ESRCH', 'ENOENT', 'ENODEV'])
    }
    case 'PutRule':
      return putRule(room, operation.rule)
    case 'DeleteRule':
      return deleteRule(room, operation.rule)
    case 'PutNeighbour': {
      const { neighbour } = operation
      const write = writeNeighbour(neighbour, indexOf(neighbour.link))
      return route.order(neighbourMessages.put, put, write)
    }
    case 'DeleteNeighbour': {
      const { neighbour } = operation
      const write = () => writeGoneNeighbour(neighbour.address, indexOf(neighbour.link))
      return remove(room, neighbourMessages.delete, write, ['ENOENT', 'ENODEV'])
    }
    case 'SetSysctl':
      return setSysctl(room, operation.key, operation.value)
    case 'PutMarks':
      return putMarks(room.netfilter, operation.marks)
    case 'DeleteMarks':
      return deleteMarks(room.netfilter)
  }
}

function setSysctl(room: Room, key: string, value: string): void {
  const setting = settingOf(key)
  if (setting === undefined) return room.visit(() => writeSysctl(key, value))
  const { link, number } = setting
  room.route.order(linkMessages.put, 0, writeSetting(room.indexOf(link), number, Number(value)))
}

/** The other end cannot be set up before this one is there. */
function addVeth({ at, link, peer }: Operation & { type: 'AddVeth' }, rooms: Rooms): void {
  const { route } = rooms(at)
  const there = rooms(peer.at)
  const { isUp, ...down } = peer
  const { mtu, queues } = link
  const other = {
    ...down,
    ...(mtu !== undefined && { mtu }),
    ...(queues !== undefined && { queues })
  }
  const namespace = peer.at === at ? undefined : there.fd
  route.order(linkMessages.put, make, newVeth(link, other, namespace))
  if (isUp !== true) return
  const change = changeLink(there.indexOf(peer.name), { isUp }, undefined)
  there.route.order(linkMessages.put, 0, change)
}

/** `absent`: what is said when it is not there. */
function remove(room: Room, type: number, write: () => Write, absent: readonly string[]): void {
  try {
    room.route.order(type, 0, write())
  } catch (error) {
    if (!absent.includes(errorCodeOf(error) ?? '')) throw error
  }
}

/**
 * Without `exclusive` the kernel keeps one rule twice; with it, one that has more conditions counts as the same, so
 * what it says has to be looked after.
 */
function putRule({ route }: Room, rule: Rule): void {
  assert(!rule.isPartial, 'a rule is known before it is put')
  try {
    route.order(ruleMessages.put, make, writeRule(rule))
  } catch (error) {
    if (!isRefusal(error, 'EEXIST')) throw error
    const rules = route.list(ruleMessages.get, askForRules(rule.family), readRule)
    if (rules.some(one => isDeepStrictEqual(one, rule))) return
    route.order(ruleMessages.put, flags.create, writeRule(rule))
  }
}

/** The kernel removes the first rule that has what it is told, whatever other conditions that one has. */
function deleteRule({ route }: Room, rule: Rule): void {
  assert(!rule.isPartial, 'a rule is known before it goes')
  const rules = route.list(ruleMessages.get, askForRules(rule.family), readRule)
  if (!rules.some(one => isDeepStrictEqual(one, rule))) return
  const { isPartial, ...told } = rule
  const hit = rules.find(one => isDeepStrictEqual({ ...one, ...told, isPartial }, one))
  if (!isDeepStrictEqual(hit, rule)) throw new HiddenRuleError(rule.priority)
  route.order(ruleMessages.delete, 0, writeRule(rule))
}

/** Somebody's rule would go in the place of ours. */
class HiddenRuleError extends Error {
  readonly code = 'EBUSY'

  constructor(priority: number) {
    super(
      `another rule of priority ${priority} stands before it that has the same and more, ` +
        'and the kernel would remove that one (EBUSY)'
    )
    this.name = new.target.name
  }
}
