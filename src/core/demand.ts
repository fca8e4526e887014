// What an ADD asks for, beside the pods and networks that others know more of.

import { type Address, families, type Family, formatAddress } from './address.ts'
import type { Assignment, Route } from './attachment.ts'
import type { DetectionWish } from './detection.ts'
import type { IpPool } from './ip-pool.ts'
import type { Annotations } from './selection/facts.ts'
import type { ParentLink } from './selection/parent-link.ts'

export interface Demand {
  /** Addresses asked for by name; a family that has any gets these and no others. */
  readonly requested: readonly Address[]
  /** What the runtime says of the pod's annotations, as far as they concern addresses. */
  readonly annotations?: Annotations
  /** The pools that the network configuration names, in its order. */
  readonly pools?: Readonly<Record<Family, readonly string[]>>
  /** How the network wants its link to be asked; how that goes is no part of what is asked for. */
  readonly link?: { readonly master?: string; readonly detection: DetectionWish }
  /** The link that the pools of this interface have to match; how it stands is no part of what is asked for. */
  readonly parent?: ParentLink
  /** No default route over the pool's gateway. */
  readonly cleanGateway: boolean
}

/** A demand in one line: equal demands have equal text, and a person can read the difference. */
export function demandText({ requested, annotations = {}, pools, cleanGateway }: Demand): string {
  const parts = [
    ...Object.keys(annotations)
      .sort()
      .map(key => `${key}=${annotations[key]}`),
    ...requested.map(formatAddress).sort(),
    ...(pools === undefined
      ? []
      : families.map(f => `ipv${f} pools ${pools[f].join(' ') || 'none'}`)),
    ...(cleanGateway ? ['no gateway'] : [])
  ]
  return parts.join(', ') || 'default pools'
}

/** What the answer says of an address that was taken from a pool. */
export function assignmentOf(address: Address, pool: IpPool, cleanGateway: boolean): Assignment {
  const { gateway } = pool
  const everywhere = pool.family === 4 ? '0.0.0.0/0' : '::/0'
  const defaultRoutes: Route[] =
    gateway === undefined || cleanGateway ? [] : [{ dst: everywhere, gw: formatAddress(gateway) }]
  return {
    address,
    prefix: pool.subnet.prefix,
    pool: pool.name,
    ...(gateway !== undefined && !cleanGateway && { gateway }),
    routes: [...defaultRoutes, ...pool.routes]
  }
}
