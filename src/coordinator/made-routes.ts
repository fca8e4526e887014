// Routes, rules and their parts as the coordinator writes them.

import { type Address, bitsOf, type Family, familyOf } from '../core/address.ts'
import { type Cidr, cidrOf, parseCidr } from '../core/cidr.ts'
import { assert } from '../core/assert.ts'
import type { Place } from '../kernel/operation.ts'
import { ipv6Metric, protocols, type Route, type Rule, scopes } from '../kernel/view.ts'
import type { Step } from './step.ts'

export interface Way {
  readonly table: number
  readonly destination: Cidr
  readonly link: string
  readonly gateway?: Address | undefined
  /** The gateway is on the link though no address there says so. */
  readonly isOnLink?: boolean
  readonly source?: Address | undefined
  readonly metric?: number
}

/** An ordinary route. IPv6 has no scopes, and no metric of 0. */
export function routeOf({
  table,
  destination,
  link,
  gateway,
  isOnLink = false,
  source,
  metric
}: Way): Route {
  const isDirect = gateway === undefined
  const isIpv4 = destination.family === 4
  return {
    ...{
      table,
      destination,
      type: 'unicast',
      tos: 0,
      metrics: {},
      isExpiring: false,
      isPartial: false
    },
    metric: metric ?? (isIpv4 ? 0 : ipv6Metric),
    protocol: protocols.boot,
    scope: isIpv4 && isDirect ? scopes.link : scopes.universe,
    hops: [{ link, isOnLink, weight: 1, ...(gateway !== undefined && { gateway }) }],
    ...(source !== undefined && { source })
  }
}

export function putRoute(at: Place, way: Way): Step {
  return { type: 'PutRoute', at, route: routeOf(way) }
}

export function lookupRule(
  rule: Pick<Rule, 'family' | 'priority' | 'table'> & Partial<Rule>
): Rule {
  return { action: 'lookup', protocol: protocols.boot, isPartial: false, ...rule }
}

/** The subnet that is one address. */
export function alone(address: Address): Cidr {
  return cidrOf(address, bitsOf(familyOf(address)))
}

/** Where the default route leads. */
export function everywhere(family: Family): Cidr {
  const cidr = parseCidr(family === 4 ? '0.0.0.0/0' : '::/0')
  assert(!('problem' in cidr), 'a subnet of our own making')
  return cidr
}
