// What an ADD asks for, and which pools may serve it.

import { type Address, families, type Family, familyOf, formatAddress } from './address.ts'
import type { Assignment, Route } from './attachment.ts'
import type { IpPool } from './ip-pool.ts'
import type { Refusal } from './refusal.ts'

export interface Demand {
  /** Addresses asked for by name; a family that has any gets these and no others. */
  readonly requested: readonly Address[]
  /** The pools that the network configuration names, in its order; absent: the pools marked default. */
  readonly pools?: Readonly<Record<Family, readonly string[]>>
  /** No default route over the pool's gateway. */
  readonly cleanGateway: boolean
}

/** One address that a request needs, with the pools that may give it in the order to try. */
export type Claim =
  | { readonly type: 'Next'; readonly pools: readonly IpPool[] }
  | { readonly type: 'Exact'; readonly address: Address; readonly pools: readonly IpPool[] }

/** A demand in one line: equal demands have equal text, and a person can read the difference. */
export function demandText({ requested, pools, cleanGateway }: Demand): string {
  const parts = [
    ...requested.map(formatAddress).sort(),
    ...(pools === undefined
      ? []
      : families.map(f => `ipv${f} pools ${pools[f].join(' ') || 'none'}`)),
    ...(cleanGateway ? ['no gateway'] : [])
  ]
  return parts.join(', ') || 'default pools'
}

/** Turn a demand into the claims that satisfy it, all of them, or say why it cannot be. */
export function claimsOf(
  demand: Demand,
  pools: ReadonlyMap<string, IpPool>
): readonly Claim[] | Refusal {
  const claims: Claim[] = []
  for (const family of families) {
    const candidates = candidatesOf(family, demand, pools)
    if ('reason' in candidates) return candidates
    const fit = candidates.filter(pool => misfit(pool, family) === undefined)
    if (fit.length === 0 && candidates.length > 0) {
      // One family without the other would be half of what was configured, and nobody would notice.
      const why = candidates.flatMap(pool => misfit(pool, family) ?? [])
      return { reason: 'NoPoolFits', why }
    }
    const requested = demand.requested.filter(address => familyOf(address) === family)
    for (const address of requested) claims.push({ type: 'Exact', address, pools: fit })
    if (requested.length === 0 && fit.length > 0) claims.push({ type: 'Next', pools: fit })
  }
  if (claims.length > 0) return claims
  const why = 'the network configuration names no pool and no pool is marked default'
  return { reason: 'NoPoolFits', why: [why] }
}

function candidatesOf(
  family: Family,
  demand: Demand,
  pools: ReadonlyMap<string, IpPool>
): readonly IpPool[] | Refusal {
  if (demand.pools === undefined) {
    return [...pools.values()].filter(pool => pool.isDefault && pool.family === family)
  }
  const named: IpPool[] = []
  for (const name of demand.pools[family]) {
    const pool = pools.get(name)
    if (pool === undefined) return { reason: 'PoolUnknown', pool: name, known: [...pools.keys()] }
    if (!named.includes(pool)) named.push(pool)
  }
  return named
}

/** Why this pool may not serve anybody, or not this family; undefined when it may. */
function misfit(pool: IpPool, family: Family): string | undefined {
  if (pool.family !== family) return `pool ${pool.name} is of IPv${pool.family}, not IPv${family}`
  if (pool.isDisabled) return `pool ${pool.name} is disabled, or its document is gone`
  if (pool.affinity !== undefined) {
    return `pool ${pool.name} is reserved by its ${Object.keys(pool.affinity).join(', ')}, which this release does not evaluate`
  }
  return undefined
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
