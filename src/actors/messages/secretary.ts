// SECRETARY: keeps this node's copy of the registry, and brings proposals to the registry.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { ClusterView } from '../../core/registry/cluster-view.ts'
import type { Proposal } from '../../core/registry/record.ts'
import type { Appended, LogSlice } from '../../ports/registry.ts'
import type { ReplyTo } from '../runtime/ref.ts'

/** Sent by membership when a peer knows more of the registry, and by the secretary's own clock. */
export interface Learn {
  readonly type: 'Learn'
}

/** Read linearizably; the answer comes when everything up to the head is durable and told to everybody. */
export interface ReadHead {
  readonly type: 'ReadHead'
  readonly replyTo: ReplyTo<HeadRead>
}

/** `index` is the head at some moment after the question; undefined: the registry could not be reached. */
export interface HeadRead {
  readonly type: 'HeadRead'
  readonly index: number | undefined
}

/** Sent by operators' verbs and by drained subnets. */
export interface Propose {
  readonly type: 'Propose'
  readonly proposal: Proposal
  readonly replyTo: ReplyTo<Proposed>
}

export type Proposed =
  | { readonly type: 'Recorded'; readonly index: number }
  /** The registry refuses it. */
  | { readonly type: 'NotRecorded'; readonly why: string }
  /** Nobody answered in time; the record may be there all the same. */
  | { readonly type: 'Unreached'; readonly why: string }

/** Sent by an operator's verb: drain this node from now on, also after restarts, or serve again. */
export interface OrderDrain {
  readonly type: 'OrderDrain'
  readonly draining: boolean
  readonly replyTo: ReplyTo<DrainOrdered>
}

export interface DrainOrdered {
  readonly type: 'DrainOrdered'
  /** Undefined when it is durable and every subnet has been told. */
  readonly why: string | undefined
}

/** Sent by the catalogue: these subnets, in CIDR notation, have to be under custody. */
export interface WantDomains {
  readonly type: 'WantDomains'
  readonly domains: readonly string[]
}

/** To itself. */
export interface SliceRead {
  readonly type: 'SliceRead'
  readonly slice: LogSlice
  readonly from: number
}

/** To itself: the registry did not answer. */
export interface ReadFailed {
  readonly type: 'ReadFailed'
  readonly error: unknown
}

/** To itself: what became of the record that was proposed at this index. */
export interface AppendDone {
  readonly type: 'AppendDone'
  readonly index: number
  readonly outcome: Appended | { readonly type: 'Lost'; readonly error: unknown }
}

/** Sent by the admin server. */
export interface DescribeRegistry {
  readonly type: 'DescribeRegistry'
  readonly replyTo: ReplyTo<RegistryDescribed>
}

export interface RegistryDescribed {
  readonly view: ClusterView
  readonly records: readonly Uint8Array[]
  /** Why the registry is not followed any more, or what it last failed with. */
  readonly trouble: string | undefined
}

export type SecretaryMessage =
  | Learn
  | ReadHead
  | Propose
  | OrderDrain
  | WantDomains
  | SliceRead
  | ReadFailed
  | AppendDone
  | DescribeRegistry
