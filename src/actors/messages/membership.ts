// MEMBERSHIP: who is in the cluster, who can be reached, and which session of each member is believed.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { MemberIndex } from '../../core/lease/register.ts'
import type { Body, Envelope, Session } from '../../core/protocol.ts'
import type { ClusterView } from '../../core/registry/cluster-view.ts'
import type { ActorRef, ReplyTo } from '../runtime/ref.ts'
import type { SubnetMessage } from './subnet.ts'

/** Sent by the mesh. */
export interface Heard {
  readonly type: 'Heard'
  readonly peer: string
  readonly envelope: Envelope
}

/** Sent by the mesh: told to everybody, so bound to no session, and believed by nobody. */
export interface Overheard {
  readonly type: 'Overheard'
  readonly peer: string
  readonly envelope: Envelope
}

/** Sent by the mesh. */
export interface PeerReachable {
  readonly type: 'PeerReachable'
  readonly peer: string
  readonly reachable: boolean
}

/** Sent by the other actors: bring this to a member, in the session that it has now. May be lost. */
export interface Post {
  readonly type: 'Post'
  readonly to: MemberIndex
  readonly body: Body
}

/** Sent by the synchroniser: tell everybody. */
export interface Publish {
  readonly type: 'Publish'
  readonly body: Body
}

/** Sent by the registrar's client: this much of the registry is durable here now. */
export interface ViewAdvanced {
  readonly type: 'ViewAdvanced'
  readonly view: ClusterView
}

/** Sent by the catalogue: who owns which subnet, by CIDR. */
export interface SubnetsChanged {
  readonly type: 'SubnetsChanged'
  readonly subnets: ReadonlyMap<string, ActorRef<SubnetMessage>>
}

/** To itself: greet again who has not answered, forget what waited too long. */
export interface SessionTick {
  readonly type: 'SessionTick'
}

/** Sent by the admin server. */
export interface DescribePeers {
  readonly type: 'DescribePeers'
  readonly replyTo: ReplyTo<PeersDescribed>
}

export interface PeersDescribed {
  readonly view: ClusterView
  readonly incarnation: string
  readonly peers: readonly PeerDescription[]
}

export interface PeerDescription {
  readonly member: MemberIndex
  readonly node: string
  readonly peer: string
  readonly connected: boolean
  /** Present while a session is believed. */
  readonly session?: Session
  /** How long ago it was heard last. */
  readonly silentMs?: number
}

export type MembershipMessage =
  | Heard
  | Overheard
  | PeerReachable
  | Post
  | Publish
  | ViewAdvanced
  | SubnetsChanged
  | SessionTick
  | DescribePeers
