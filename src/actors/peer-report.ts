// Which other members there are, and how this node stands with each of them, for people.

import { type ClusterView, living } from '../core/registry/cluster-view.ts'
import type { PeerDescription, PeersDescribed } from './messages/membership.ts'
import type { Reachability } from './reachability.ts'
import type { Acquaintance } from './sessions.ts'

export function describePeers(
  view: ClusterView,
  incarnation: string,
  reach: Reachability,
  known: (incarnation: string) => Acquaintance | undefined,
  now: number
): PeersDescribed {
  const others = living(view).filter(member => member.incarnation !== incarnation)
  const peers = others.map((member): PeerDescription => {
    const { index, node, peer } = member
    const met = known(member.incarnation)
    const seen = met && { session: met.session, silentMs: now - met.heardAt }
    return { member: index, node, peer, connected: reach.isConnected(peer), ...seen }
  })
  return { view, incarnation, peers }
}
