// What membership and its handshakes are given.

import type { Rules } from '../core/lease/rules.ts'
import type { Session, WireRange } from '../core/protocol.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Log } from '../ports/log.ts'
import type { Mesh } from '../ports/mesh.ts'
import type { Random } from '../ports/random.ts'
import type { MemberReachable } from './messages/broker.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import type { SynchroniserMessage } from './messages/synchroniser.ts'
import type { ActorRef } from './runtime/ref.ts'

export interface MembershipOptions {
  readonly mesh: Mesh
  readonly store: AttachmentStore
  readonly random: Random
  readonly log: Log
  readonly rules: Rules
  readonly node: string
  /** What this process talks. */
  readonly wire: WireRange
  readonly incarnation: string
  readonly session: Session
  /** The latest session of each incarnation that was ever believed. */
  readonly peers: ReadonlyMap<string, Session>
  readonly view: ClusterView
  readonly secretary: ActorRef<SecretaryMessage>
  readonly synchroniser: ActorRef<SynchroniserMessage>
  /** Hears of every member that comes and goes. */
  readonly onReachable: (message: MemberReachable) => void
  readonly onEnded: (why: string) => void
}
