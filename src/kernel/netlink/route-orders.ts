// Routes as messages (rtnetlink(7), linux/rtnetlink.h): how they are ordered and asked for.

import { type Address, type Family, familyOf } from '../../core/address.ts'
import { assert } from '../../core/assert.ts'
import type { NextHop, Route } from '../view.ts'
import { bytesOf, familyCodes } from './family-codes.ts'
import type { MessageWriter } from './message-writer.ts'
import type { Write } from './netlink-socket.ts'
import { metricNames } from './route-metrics.ts'
import { onLink, routeFixedBytes, routeTypes, rta } from './route-messages.ts'

/** All tables, or one. */
export function askForRoutes(family: Family, table: number | undefined): Write {
  return message => {
    message.setU8(message.room(routeFixedBytes), familyCodes[family])
    if (table !== undefined) message.u32(rta.table, table)
  }
}

export function askForWay(to: Address): Write {
  return message => {
    const family = familyOf(to)
    const at = message.room(routeFixedBytes)
    message.setU8(at, familyCodes[family])
    message.setU8(at + 1, family === 4 ? 32 : 128)
    message.address(rta.destination, to, family)
  }
}

/** Says the index of a link by its name. */
export type IndexOf = (name: string) => number

export function writeRoute(route: Route, indexOf: IndexOf): Write {
  return message => {
    writeKey(message, route)
    writeHops(message, route, indexOf)
    const metrics = Object.entries(route.metrics)
    if (metrics.length === 0) return
    message.nest(rta.metrics, () => {
      for (const [name, value] of metrics) {
        const type = metricNames.findIndex(one => one === name)
        assert(type > 0, `${name} is a metric`)
        message.u32(type, value)
      }
    })
  }
}

/** What is not told when it goes: metrics, since no two routes differ only in them. */
export function writeGoneRoute(route: Route, indexOf: IndexOf): Write {
  return message => {
    writeKey(message, route)
    writeHops(message, route, indexOf)
  }
}

function writeKey(message: MessageWriter, route: Route): void {
  const { family, prefix, range } = route.destination
  const at = message.room(routeFixedBytes)
  message.setU8(at, familyCodes[family])
  message.setU8(at + 1, prefix)
  message.setU8(at + 3, route.tos)
  message.setU8(at + 5, route.protocol)
  message.setU8(at + 6, route.scope)
  message.setU8(at + 7, routeTypes.indexOf(route.type))
  const [hop] = route.hops
  if (route.hops.length === 1 && hop?.isOnLink === true) message.setU32(at + 8, onLink)
  if (prefix > 0) message.address(rta.destination, range.start, family)
  message.u32(rta.table, route.table)
  if (route.metric !== 0) message.u32(rta.priority, route.metric)
  if (route.source !== undefined) message.address(rta.preferredSource, route.source, family)
  if (route.preference !== undefined) message.u8(rta.preference, route.preference)
}

function writeHops(message: MessageWriter, { hops, destination }: Route, indexOf: IndexOf): void {
  const [only, ...others] = hops
  if (only === undefined) return
  if (others.length === 0) {
    if (only.link !== undefined) message.u32(rta.oif, indexOf(only.link))
    writeGateway(message, only, destination.family)
    return
  }
  message.nest(rta.multipath, () => {
    for (const hop of hops) {
      message.hop(
        {
          flags: hop.isOnLink ? onLink : 0,
          weight: hop.weight,
          index: hop.link === undefined ? 0 : indexOf(hop.link)
        },
        () => writeGateway(message, hop, destination.family)
      )
    }
  })
}

function writeGateway(message: MessageWriter, { gateway }: NextHop, family: Family): void {
  if (gateway === undefined) return
  // Only an IPv4 route may have a gateway of the other family.
  const other = family === 6 ? 6 : familyOf(gateway)
  if (other === family) message.address(rta.gateway, gateway, family)
  else
    message.bytes(rta.via, Buffer.concat([Buffer.from([familyCodes[6], 0]), bytesOf(gateway, 6)]))
}
