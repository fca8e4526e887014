// POST /v1/drain: this node hands out nothing more and gives away what is free, and each address that becomes so.

import { AddressSet } from '../core/address-set.ts'
import { describeCustodies, describePeers, type OpenService, subnetsOf } from './admin-service.ts'
import { type Answer, shown } from './answer.ts'
import { count } from './views.ts'

export interface DrainView {
  readonly draining: true
  /** Other nodes that can take something now. */
  readonly reachable: number
  /** What this node still owns, by subnet; the free part of it is on its way. */
  readonly left: readonly { readonly domain: string; readonly owned: number | string }[]
}

/** Asked again, it says how far it has come. */
export async function drainNode(service: OpenService): Promise<Answer> {
  for (const actor of (await subnetsOf(service)).values()) actor.insist({ type: 'DrainNode' })
  const [custodies, { peers }] = await Promise.all([
    describeCustodies(service),
    describePeers(service)
  ])
  const left = custodies.flatMap(({ domain, me, runs }) => {
    const owned = AddressSet.of(runs.filter(({ register }) => register.owner === me)).size
    return owned === 0n ? [] : [{ domain, owned: count(owned) }]
  })
  const reachable = peers.filter(({ connected, session }) => connected && session !== undefined)
  return shown({ draining: true, reachable: reachable.length, left } satisfies DrainView)
}
