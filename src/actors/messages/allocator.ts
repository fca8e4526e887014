// ALLOCATOR: from requests of the runtime to durable attachments.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { Reservation } from '../../core/reservation.ts'
import type { Address, Family } from '../../core/address.ts'
import type { Attachment, AttachmentKey, Pod } from '../../core/attachment.ts'
import type { BindNews } from '../../core/lease/binds.ts'
import type { MemberIndex } from '../../core/lease/register.ts'
import type { ClientId } from '../../core/deliveries.ts'
import type { Demand } from '../../core/demand.ts'
import type { IpPool } from '../../core/ip-pool.ts'
import type { PoolUsage, Refusal } from '../../core/refusal.ts'
import type { Moment, Sandbox } from '../../core/sandbox.ts'
import type { Explanation } from '../../core/selection/explain.ts'
import type { MonotonicMs } from '../../ports/clock.ts'
import type { LinkAnswer } from '../../ports/link-prober.ts'
import type { ActorRef, ReplyTo } from '../runtime/ref.ts'
import type { Lack, SubnetMessage } from './subnet.ts'

/**
 * Sent by the CNI server for an ADD. Asking again with the same key gives the same attachment. For every
 * client that was answered, exactly one Deliver or Abandon follows.
 */
export interface Allocate {
  readonly type: 'Allocate'
  readonly key: AttachmentKey
  readonly pod: Pod
  readonly sandbox: Sandbox
  readonly demand: Demand
  readonly client: ClientId
  /** Until when an answer is of use. */
  readonly deadline: MonotonicMs
  /** The trace that the runtime asks in: 32 hexadecimal digits, for people. */
  readonly trace?: string
  readonly replyTo: ReplyTo<Allocated | Refused>
}

export interface Allocated {
  readonly type: 'Allocated'
  readonly attachment: Attachment
}

export interface Refused {
  readonly type: 'Refused'
  readonly refusal: Refusal
}

/** Sent by the CNI server for a DEL, and for one from the queue. Releasing nothing is success. */
export interface Release {
  readonly type: 'Release'
  readonly key: AttachmentKey
  readonly began: Moment
  /** It was written down while no daemon ran. */
  readonly isQueued?: true
  readonly replyTo: ReplyTo<Released>
}

/** `durable` is false when the disk refuses: the addresses stay taken and it is tried again until it works. */
export interface Released {
  readonly type: 'Released'
  readonly addresses: readonly Address[]
  readonly durable: boolean
  /** Why it is not durable: there is no room. */
  readonly isDiskFull: boolean
}

/** Sent by the CNI server for a CHECK. A pure read. */
export interface Find {
  readonly type: 'Find'
  readonly key: AttachmentKey
  readonly replyTo: ReplyTo<Attachment | undefined>
}

/** Sent by the CNI server for a GC: release what the network has beside `keep` and from before `began`. */
export interface Collect {
  readonly type: 'Collect'
  readonly network: string
  /** Texts of the keys to keep. */
  readonly keep: ReadonlySet<string>
  readonly began: Moment
  readonly replyTo: ReplyTo<Collected>
}

export interface Collected {
  readonly type: 'Collected'
  readonly count: number
}

/** Sent by the CNI server: the client has printed its answer. */
export interface Deliver {
  readonly type: 'Deliver'
  readonly key: AttachmentKey
  readonly client: ClientId
}

/** Sent by the CNI server: the client went away without having confirmed its answer. */
export interface Abandon {
  readonly type: 'Abandon'
  readonly key: AttachmentKey
  readonly client: ClientId
}

/** Sent by the reaper: this attachment's namespace is certainly gone. Ignored when it has another life by now. */
export interface Reap {
  readonly type: 'Reap'
  readonly key: AttachmentKey
  readonly began: Moment
  readonly why: string
}

/** Sent by the catalogue: these pools are in force, and these actors have their subnets, by CIDR. */
export interface PoolsChanged {
  readonly type: 'PoolsChanged'
  readonly pools: ReadonlyMap<string, IpPool>
  readonly subnets: ReadonlyMap<string, ActorRef<SubnetMessage>>
}

/** Sent by a subnet: these addresses, which were released before `until`, are free again. */
export interface Cooled {
  readonly type: 'Cooled'
  readonly addresses: readonly Address[]
  readonly until: MonotonicMs
}

/** Sent by a subnet: for whom its addresses are kept has changed. */
export interface KeptChanged {
  readonly type: 'KeptChanged'
  /** In CIDR notation. */
  readonly subnet: string
  readonly news: readonly BindNews[]
  /** This node as a member. */
  readonly me: MemberIndex | undefined
}

/** To itself: one more address for a reservation, not yet for good. */
export interface SpareReserved {
  readonly type: 'SpareReserved'
  readonly keeper: string
  readonly family: Family
  readonly subnet: ActorRef<SubnetMessage>
  readonly reservation: Reservation
}

/** To itself: whether what is kept is still kept for somebody. */
export interface KeepTick {
  readonly type: 'KeepTick'
}

/** Sent by the reaper and the admin server. */
export interface ListAttachments {
  readonly type: 'ListAttachments'
  readonly replyTo: ReplyTo<readonly Attachment[]>
}

/** Sent by the admin server: why an ADD like this one gets what it gets. A pure read. */
export interface Explain {
  readonly type: 'Explain'
  readonly pod: Pod
  readonly ifname: string
  readonly demand: Demand
  /** How full the pools are, by their names. */
  readonly usages: ReadonlyMap<string, PoolUsage>
  readonly replyTo: ReplyTo<Explanation>
}

/** Sent by an operator's verb: let this attachment go, of which no DEL came. Undefined: it has another life by now. */
export interface Evict {
  readonly type: 'Evict'
  readonly key: AttachmentKey
  readonly began: Moment
  readonly why: string
  /** Its namespace is known to be gone. */
  readonly vacated: boolean
  readonly replyTo: ReplyTo<Released | undefined>
}

/** To itself: a subnet has answered for this errand. */
export interface Reserved {
  readonly type: 'Reserved'
  readonly errand: number
  readonly subnet: ActorRef<SubnetMessage>
  readonly reservation: Reservation
  readonly usage: readonly PoolUsage[]
  readonly lack?: Lack
}

/** To itself: what the link of a pod says about its addresses. */
export interface LinkAnswered {
  readonly type: 'LinkAnswered'
  readonly id: number
  readonly answer: LinkAnswer
}

/** To itself: try this errand again, its addresses may have cooled. */
export interface RetryTick {
  readonly type: 'RetryTick'
  readonly errand: number
}

/** To itself: try the releases again that the disk refused. */
export interface OwedTick {
  readonly type: 'OwedTick'
}

/** To itself: make durable what has been decided since the last commit. */
export interface CommitTick {
  readonly type: 'CommitTick'
}

export type AllocatorMessage =
  | Allocate
  | Release
  | Find
  | Collect
  | Deliver
  | Abandon
  | Reap
  | PoolsChanged
  | Cooled
  | KeptChanged
  | SpareReserved
  | KeepTick
  | ListAttachments
  | Explain
  | Evict
  | Reserved
  | LinkAnswered
  | RetryTick
  | OwedTick
  | CommitTick
