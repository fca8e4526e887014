// POST /v1/remove: a person vouches that a machine is off, and another node takes over its addresses.

import type { PeersDescribed } from '../actors/messages/membership.ts'
import type { Json } from '../core/fields.ts'
import type { Member } from '../core/registry/cluster-view.ts'
import { describePeers, type OpenService } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { memberCalled } from './members.ts'
import { propose } from './proposal.ts'
import { textsOf } from './request-body.ts'
import { vouchingNeeded } from './vouching.ts'

export async function removeNode(service: OpenService, body: Json): Promise<Answer> {
  const read = textsOf(body, {
    required: { node: 'must be the name of the node to remove' },
    optional: {
      vouchedBy: 'must be the name of whoever knows that the machine is off',
      heir: 'must be the name of the node that takes over'
    }
  })
  if ('problem' in read) return refused(400, read.problem)
  const { node = '', vouchedBy, heir: heirName } = read.texts
  if (vouchedBy === undefined) return refused(400, vouchingNeeded)
  const described = await describePeers(service)
  const { view, incarnation } = described
  const self = view.byIncarnation.get(incarnation)
  if (self === undefined || self.removed !== undefined) {
    return refused(503, `${service.node} itself is no member of the cluster now; ask another node`)
  }
  const member = memberCalled(view, node)
  if ('status' in member) return member
  const why = whyNotRemove(member, described)
  if (why !== undefined) return refused(409, why)
  const heir = heirName === undefined ? self : memberCalled(view, heirName)
  if ('status' in heir) return heir
  const record = await propose(service, {
    type: 'Remove',
    incarnation: member.incarnation,
    heir: heir.incarnation,
    assertion: 'OPERATOR',
    evidence: `vouched by ${vouchedBy}: machine is off`
  })
  if (typeof record !== 'number') return record
  return shown({
    removed: { node: member.node, incarnation: member.incarnation, index: member.index },
    heir: heir.node,
    record
  })
}

/** What this node knows better than whoever vouches. */
function whyNotRemove(
  { node, incarnation, index }: Member,
  { incarnation: own, peers }: PeersDescribed
): string | undefined {
  if (incarnation === own) {
    return `${node} cannot remove itself, since it is not off; drain it, switch the machine off, and remove it on another node`
  }
  const peer = peers.find(({ member }) => member === index)
  if (peer?.connected !== true || peer.session === undefined) return undefined
  return (
    `${node} is not off: it is connected to this node and answers. Drain it and switch the machine off; ` +
    'one that was switched off a moment ago is missed within ten seconds'
  )
}
