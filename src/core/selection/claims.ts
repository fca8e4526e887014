// From a decision to single addresses: what an ADD has to get, one after the other.

import type { Address } from '../address.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Decision } from './decision.ts'

/** One address that an interface needs, with the pools that may give it in the order to try. */
export type Claim = {
  readonly ifname: string
  readonly pools: readonly IpPool[]
  /** Who may have what is kept. */
  readonly keeper?: string
} & (
  | { readonly type: 'Next' }
  /** `waits`: whoever has it is an earlier life of the pod, which is about to end. */
  | { readonly type: 'Exact'; readonly address: Address; readonly waits: boolean }
)

/** All of them together satisfy the decision, in its order. */
export function claimsOf({ interfaces }: Pick<Decision, 'interfaces'>): readonly Claim[] {
  const claims: Claim[] = []
  for (const { ifname, families, keeper } of interfaces) {
    for (const { verdicts, requested, kept } of families) {
      const pools = verdicts.flatMap(({ pool, misfit }) => (misfit === undefined ? [pool] : []))
      const common = { ifname, pools, ...(keeper !== undefined && { keeper }) }
      for (const address of requested) {
        claims.push({ ...common, type: 'Exact', address, waits: false })
      }
      if (requested.length > 0) continue
      if (kept === undefined) claims.push({ ...common, type: 'Next' })
      else claims.push({ ...common, type: 'Exact', address: kept, waits: true })
    }
  }
  return claims
}
