// From a decision to single addresses: what an ADD has to get, one after the other.

import type { Address } from '../address.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Decision, Reserved } from './decision.ts'

/**
 * Who may have a certain address before this pod: nobody that is known; an earlier life of it, which is about to end; or the
 * machine that is to move here, which lives until this pod does.
 */
export type EarlierLife = 'None' | 'Ending' | 'Moving'

/** One address that an interface needs, with the pools that may give it in the order to try. */
export type Claim = {
  readonly ifname: string
  readonly pools: readonly IpPool[]
  /** Who may have what is kept. */
  readonly keeper?: string
} & (
  | { readonly type: 'Next' }
  | { readonly type: 'Exact'; readonly address: Address; readonly earlier: EarlierLife }
  /** Any of the addresses of a reservation, or one more. */
  | ({ readonly type: 'Reserved' } & Reserved)
)

/** All of them together satisfy the decision, in its order. */
export function claimsOf({ interfaces }: Pick<Decision, 'interfaces'>): readonly Claim[] {
  const claims: Claim[] = []
  for (const { ifname, families, keeper, isTarget } of interfaces) {
    for (const { verdicts, requested, kept, reserved } of families) {
      const pools = verdicts.flatMap(({ pool, misfit }) => (misfit === undefined ? [pool] : []))
      const common = { ifname, pools, ...(keeper !== undefined && { keeper }) }
      for (const address of requested) {
        claims.push({ ...common, type: 'Exact', address, earlier: 'None' })
      }
      if (requested.length > 0) continue
      if (reserved !== undefined) claims.push({ ...common, type: 'Reserved', ...reserved })
      else if (kept === undefined) claims.push({ ...common, type: 'Next' })
      else {
        const earlier = isTarget === true ? 'Moving' : 'Ending'
        claims.push({ ...common, type: 'Exact', address: kept, earlier })
      }
    }
  }
  return claims
}

/** One question to one pool. */
export type Attempt = { readonly pool: IpPool } & (
  { readonly type: 'Next' } | { readonly type: 'Exact'; readonly address: Address }
)

/** In which order a claim is tried to be satisfied. */
export function attemptsOf(claim: Claim): readonly Attempt[] {
  const { pools } = claim
  const next = pools.map((pool): Attempt => ({ type: 'Next', pool }))
  switch (claim.type) {
    case 'Next':
      return next
    case 'Exact': {
      const { address } = claim
      return pools.map(pool => ({ type: 'Exact', address, pool }))
    }
    case 'Reserved': {
      const { addresses, size } = claim
      const reserved = addresses.flatMap((address): Attempt[] => {
        const pool = pools.find(({ usable }) => usable.has(address))
        return pool === undefined ? [] : [{ type: 'Exact', address, pool }]
      })
      return addresses.length < size ? [...reserved, ...next] : reserved
    }
  }
}
