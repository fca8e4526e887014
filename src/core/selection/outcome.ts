// From a decision and the addresses that were got for it to attachments.

import type { Address } from '../address.ts'
import type { Attachment, AttachmentKey } from '../attachment.ts'
import { networkToCome } from '../attachment-index.ts'
import { assignmentOf } from '../demand.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Refusal } from '../refusal.ts'
import type { Decision } from './decision.ts'
import { withRoutes } from './routes.ts'

/** An address that one of the interfaces got. */
export interface Gain {
  readonly ifname: string
  readonly address: Address
  readonly pool: IpPool
}

/** The key under which an interface is kept: that of the ADD, or one that waits for its own ADD. */
export function keyFor(asked: AttachmentKey, ifname: string): AttachmentKey {
  if (ifname === asked.ifname) return asked
  return { network: networkToCome, containerId: asked.containerId, ifname }
}

/** One for each interface of the decision, that of the ADD first. `others` has the sandbox already. */
export function attachmentsOf(
  asked: Omit<Attachment, 'assignments'>,
  decision: Decision,
  gains: readonly Gain[],
  others: readonly Attachment[]
): readonly Attachment[] | Refusal {
  const decided = decision.interfaces.map(({ ifname, cleanGateway }) => ({
    ifname,
    assignments: gains
      .filter(gain => gain.ifname === ifname)
      .map(({ address, pool }) => assignmentOf(address, pool, cleanGateway))
  }))
  const siblings = others.map(({ key, assignments }) => ({ ifname: key.ifname, assignments }))
  const routed = withRoutes(decided, decision.routes, siblings, decision.isMoreExpected)
  if ('reason' in routed) return routed
  return routed.map(({ ifname, assignments }) => ({
    ...asked,
    key: keyFor(asked.key, ifname),
    assignments
  }))
}
