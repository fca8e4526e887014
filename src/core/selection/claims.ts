// From a decision to single addresses: what an ADD has to get, one after the other.

import type { Address } from '../address.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Decision } from './decision.ts'

/** One address that an interface needs, with the pools that may give it in the order to try. */
export type Claim = { readonly ifname: string; readonly pools: readonly IpPool[] } & (
  { readonly type: 'Next' } | { readonly type: 'Exact'; readonly address: Address }
)

/** All of them together satisfy the decision, in its order. */
export function claimsOf({ interfaces }: Pick<Decision, 'interfaces'>): readonly Claim[] {
  const claims: Claim[] = []
  for (const { ifname, families } of interfaces) {
    for (const { verdicts, requested } of families) {
      const pools = verdicts.flatMap(({ pool, misfit }) => (misfit === undefined ? [pool] : []))
      for (const address of requested) claims.push({ type: 'Exact', ifname, address, pools })
      if (requested.length === 0) claims.push({ type: 'Next', ifname, pools })
    }
  }
  return claims
}
