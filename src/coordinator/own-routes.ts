// The ways that belong to one interface, whatever table they are in by now: what the main plugin has set, what its
// result says and it has not set (the plugins drop a route whose destination has one already, and attributes that they do
// not know), and what is remembered.

import { type Address, familyOf } from '../core/address.ts'
import { rangeContains } from '../core/address-range.ts'
import { cidrOf, formatCidr } from '../core/cidr.ts'
import type { ResultRoute } from '../core/coordination/previous-result.ts'
import {
  type NamespaceView,
  protocols,
  type Route,
  type RouteMetrics,
  scopes,
  tables
} from '../kernel/view.ts'
import { routeOf } from './made-routes.ts'
import type { Stage } from './stage.ts'

/**
 * Each with one hop, in the main table, direct ones first: the others need them. `made` are the keys of what the
 * coordinator itself has put there.
 */
export function ownRoutes(
  stage: Stage,
  ifname: string,
  made: ReadonlySet<string>
): readonly Route[] {
  const { pod, memory, key } = stage
  const seen = pod.routes
    .flatMap(route => singled(route, ifname))
    .filter(route => !made.has(wayKey(route)))
  const told = ifname === key.ifname ? toldRoutes(stage) : []
  const byWay = new Map<string, Route>()
  for (const route of [...(memory.routes.get(ifname) ?? []), ...seen, ...told]) {
    if (!byWay.has(wayKey(route))) byWay.set(wayKey(route), route)
  }
  return [...byWay.values()].sort((a, b) => Number(isIndirect(a)) - Number(isIndirect(b)))
}

/** What distinguishes two ways of one interface. */
export function wayKey({ destination, metric, tos }: Route): string {
  return `${formatCidr(destination)} ${metric} ${tos}`
}

export function isIndirect({ hops }: Route): boolean {
  return hops[0]?.gateway !== undefined
}

/** The part of a route of the main table that leads over one interface. */
function singled(route: Route, ifname: string): Route[] {
  const { table, type, destination, isPartial } = route
  if (
    table !== tables.main ||
    type !== 'unicast' ||
    isPartial ||
    isLinkLocal(destination.range.start)
  )
    return []
  const hop = route.hops.find(({ link }) => link === ifname)
  if (hop === undefined) return []
  const protocol = route.protocol === protocols.kernel ? protocols.boot : route.protocol
  return [{ ...route, protocol, isExpiring: false, hops: [{ ...hop, weight: 1 }] }]
}

/** Routes of the result that are for the main table, as the main plugin should have set them. */
function toldRoutes(stage: Stage): Route[] {
  return stage.result.routes
    .filter(({ table = 0 }) => table === 0 || table === tables.main)
    .map(route => toldRoute(stage, route, tables.main))
}

export function toldRoute({ result, pod, key }: Stage, told: ResultRoute, table: number): Route {
  const { destination, scope, priority, mtu, advmss } = told
  // What is on the link itself has no gateway, not even the usual one.
  const isDirect = scope !== undefined && scope >= scopes.link
  const usual = result.addresses.find(
    one => one.gateway !== undefined && familyOf(one.gateway) === destination.family
  )
  const gateway = told.gateway ?? (isDirect ? undefined : usual?.gateway)
  const metrics: RouteMetrics = { ...(mtu && { mtu }), ...(advmss && { advmss }) }
  const route = routeOf({
    ...{ table, destination, gateway, link: key.ifname },
    isOnLink: gateway !== undefined && !isOnLinkOf(pod, key.ifname, gateway),
    ...(priority && { metric: priority })
  })
  return { ...route, metrics, ...(scope !== undefined && destination.family === 4 && { scope }) }
}

/** Is this address in a subnet that the interface has an address of? All IPv6 links have fe80::/10. */
export function isOnLinkOf({ addresses }: NamespaceView, ifname: string, one: Address): boolean {
  if (isLinkLocal(one)) return true
  return addresses.some(
    ({ link, address, prefix }) =>
      link === ifname &&
      familyOf(address) === familyOf(one) &&
      rangeContains(cidrOf(address, prefix).range, one)
  )
}

/** fe80::/10 (RFC 4291 section 2.4): the kernel keeps its routes itself. */
function isLinkLocal(address: Address): boolean {
  return address >> 118n === 0xfe80n >> 6n
}
