// Routes as messages (rtnetlink(7), linux/rtnetlink.h): how they are read.

import { type Address, bitsOf, type Family } from '../../core/address.ts'
import type { Cidr } from '../../core/cidr.ts'
import { type NextHop, type Route, type RouteMetrics, type RouteType, tables } from '../view.ts'
import { aligned, attributeBytes, hopBytes } from './alignment.ts'
import { addressOfFamily, familyFromCode, subnetOfFamily } from './family-codes.ts'
import {
  Attributes,
  attributesAfter,
  MalformedMessageError,
  type Message
} from './message-reader.ts'

import { metricNames } from './route-metrics.ts'

/** RTM_*ROUTE. */
export const routeMessages = { put: 24, delete: 25, get: 26 } as const

/** struct rtmsg: family, prefix lengths of destination and source, tos, table, protocol, scope, type, flags. */
export const routeFixedBytes = 12

/** RTA_*. */
export const rta = {
  destination: 1,
  oif: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  metrics: 8,
  multipath: 9,
  cacheInfo: 12,
  table: 15,
  via: 18,
  preference: 20,
  pad: 24
} as const

/** RTN_*, in their order. */
export const routeTypes: readonly (RouteType | undefined)[] = [
  undefined,
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw'
]

/** RTNH_F_ONLINK, and those that say how a hop is doing, not what it is. */
export const onLink = 4
const hopState = 0x1 | 0x8 | 0x10 | 0x40
/** RTM_F_CLONED: what a packet has found, and no entry of a table. */
const cloned = 0x200

const known: ReadonlySet<number> = new Set(Object.values(rta))
const knownOfHop: ReadonlySet<number> = new Set([rta.gateway, rta.via])

/** Undefined for links that are gone. */
export type NameOf = (index: number) => string | undefined

export interface WantedRoutes {
  /** Undefined: all but the local one. Kernels before 4.20 tell all tables, whichever was asked for. */
  readonly table: number | undefined
  /** The bytes of addresses: default routes, and those to one of these alone. */
  readonly to: readonly Uint8Array[] | undefined
}

/** What is not wanted is not read any further; absent: all are. */
export function readRoute(
  message: Message,
  nameOf: NameOf,
  wanted?: WantedRoutes
): Route | undefined {
  if (message.type !== routeMessages.put) return undefined
  const attributes = attributesAfter(message, routeFixedBytes)
  const { buffer, start } = message
  const family = familyFromCode(buffer.readUInt8(start))
  const type = routeTypes[buffer.readUInt8(start + 7)]
  const flags = buffer.readUInt32LE(start + 8)
  if (family === undefined || type === undefined || (flags & cloned) !== 0) return undefined
  if (wanted !== undefined && !isWanted(message, attributes, family, wanted)) return undefined
  return read(message, attributes, nameOf, { family, type, flags })
}

function isWanted(
  { buffer, start }: Message,
  attributes: Attributes,
  family: Family,
  wanted: WantedRoutes
): boolean {
  const table = attributes.u32(rta.table) ?? buffer.readUInt8(start + 4)
  if (wanted.table === undefined ? table === tables.local : table !== wanted.table) return false
  const prefix = buffer.readUInt8(start + 1)
  if (wanted.to === undefined || prefix === 0) return true
  if (prefix !== bitsOf(family)) return false
  return wanted.to.some(one => attributes.holds(rta.destination, one))
}

/** The answer to a question for one destination: what a packet would find. */
export function readWay(message: Message, nameOf: NameOf): Route | undefined {
  const attributes = attributesAfter(message, routeFixedBytes)
  const { buffer, start } = message
  const family = familyFromCode(buffer.readUInt8(start))
  const type = routeTypes[buffer.readUInt8(start + 7)]
  if (family === undefined || type === undefined) return undefined
  return read(message, attributes, nameOf, { family, type, flags: buffer.readUInt32LE(start + 8) })
}

function read(
  { buffer, start }: Message,
  attributes: Attributes,
  nameOf: NameOf,
  { family, type, flags }: { family: Family; type: RouteType; flags: number }
): Route {
  const metrics = metricsIn(attributes.nested(rta.metrics))
  const hops = hopsIn(attributes, family, flags, nameOf)
  const source = attributes.bytes(rta.preferredSource)
  const preference = attributes.u8(rta.preference)
  const isStrange = buffer.readUInt8(start + 2) !== 0 || attributes.hasOtherThan(known)
  return {
    table: attributes.u32(rta.table) ?? buffer.readUInt8(start + 4),
    destination: destinationOf(attributes, family, buffer.readUInt8(start + 1)),
    metric: attributes.u32(rta.priority) ?? 0,
    type,
    protocol: buffer.readUInt8(start + 5),
    scope: buffer.readUInt8(start + 6),
    tos: buffer.readUInt8(start + 3),
    ...(source !== undefined && { source: addressOfFamily(source, family) }),
    hops: hops.hops,
    metrics: metrics.metrics,
    ...(preference !== undefined && family === 6 && { preference }),
    isExpiring: isExpiring(attributes.bytes(rta.cacheInfo)),
    isPartial: isStrange || metrics.isPartial || hops.isPartial
  }
}

/** What leads everywhere is told without a destination. */
function destinationOf(attributes: Attributes, family: Family, prefix: number): Cidr {
  const bytes = attributes.bytes(rta.destination) ?? Buffer.alloc(bitsOf(family) / 8)
  return subnetOfFamily(bytes, prefix, family)
}

/** struct rta_cacheinfo: the third number is how long it still lives, 0 for ever. */
function isExpiring(cacheInfo: Buffer | undefined): boolean {
  return cacheInfo !== undefined && cacheInfo.length >= 12 && cacheInfo.readInt32LE(8) !== 0
}

function metricsIn(nested: Attributes | undefined): { metrics: RouteMetrics; isPartial: boolean } {
  const metrics: Record<string, number> = {}
  let isPartial = false
  for (const type of nested?.types() ?? []) {
    const name = metricNames[type]
    const value = nested?.u32(type)
    if (name === undefined || value === undefined) isPartial = true
    else metrics[name] = value
  }
  return { metrics, isPartial }
}

interface Hops {
  readonly hops: readonly NextHop[]
  readonly isPartial: boolean
}

function hopsIn(attributes: Attributes, family: Family, flags: number, nameOf: NameOf): Hops {
  const list = attributes.bytes(rta.multipath)
  if (list !== undefined) return hopsOfList(list, family, nameOf)
  const index = attributes.u32(rta.oif)
  const gateway = gatewayIn(attributes, family)
  if (index === undefined && gateway === undefined) return { hops: [], isPartial: false }
  return hopOf({ index, gateway, flags: flags & 0xff, weight: 1 }, nameOf)
}

function hopsOfList(list: Buffer, family: Family, nameOf: NameOf): Hops {
  const hops: NextHop[] = []
  let isPartial = false
  // Each is a struct rtnexthop: length, flags, weight less one, index; then attributes.
  let length: number
  for (let at = 0; at < list.length; at += aligned(length)) {
    if (list.length - at < hopBytes) throw new MalformedMessageError('a next hop is cut off')
    length = list.readUInt16LE(at)
    if (length < hopBytes || length > list.length - at) {
      throw new MalformedMessageError(`a next hop of ${length} bytes`)
    }
    const attributes = new Attributes(list, at + hopBytes, at + length)
    const hop = hopOf(
      {
        index: list.readInt32LE(at + 4),
        gateway: gatewayIn(attributes, family),
        flags: list.readUInt8(at + 2),
        weight: list.readUInt8(at + 3) + 1
      },
      nameOf
    )
    hops.push(...hop.hops)
    isPartial ||= hop.isPartial || attributes.hasOtherThan(knownOfHop)
  }
  return { hops, isPartial }
}

interface ToldHop {
  readonly index: number | undefined
  readonly gateway: Address | undefined
  readonly flags: number
  readonly weight: number
}

function hopOf({ index, gateway, flags, weight }: ToldHop, nameOf: NameOf): Hops {
  const link = index === undefined ? undefined : nameOf(index)
  const hop = {
    ...(link !== undefined && { link }),
    ...(gateway !== undefined && { gateway }),
    isOnLink: (flags & onLink) !== 0,
    weight
  }
  const isLost = index !== undefined && link === undefined
  return { hops: [hop], isPartial: isLost || (flags & ~(onLink | hopState)) !== 0 }
}

function gatewayIn(attributes: Attributes, family: Family): Address | undefined {
  const gateway = attributes.bytes(rta.gateway)
  if (gateway !== undefined) return addressOfFamily(gateway, family)
  // struct rtvia: a family, then the address.
  const via = attributes.bytes(rta.via)
  if (via === undefined) return undefined
  const other = via.length < attributeBytes ? undefined : familyFromCode(via.readUInt16LE(0))
  if (other === undefined) throw new MalformedMessageError('a gateway of no family')
  return addressOfFamily(via.subarray(2), other)
}
