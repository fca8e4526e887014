// POST /v1/drain: this node hands out nothing more and gives away what is free, and each address that becomes so.
// POST /v1/undrain: it serves again.

import { AddressSet } from '../core/address-set.ts'
import { ask } from '../actors/runtime/ask.ts'
import { describeCustodies, describePeers, type OpenService, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
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
  const why = await order(service, true)
  if (why !== undefined) return why
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

export async function undrainNode(service: OpenService): Promise<Answer> {
  return (await order(service, false)) ?? shown({ draining: false })
}

/** The refusal, if the disk does not take it: it would end with the process. */
async function order(service: OpenService, draining: boolean): Promise<Answer | undefined> {
  const { secretary } = service.house
  const { why } = await ask(secretary, { type: 'OrderDrain', draining }, timing(service))
  return why === undefined ? undefined : refused(503, `this could not be written down: ${why}`)
}
