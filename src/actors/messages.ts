// The catalogue of every protocol of the house. Imperative names are requests, past participles are facts;
// `replyTo` is the way back. A message is never changed after it was sent.

import type { Address } from '../core/address.ts'
import type { Reservation } from '../core/address-book.ts'
import type { Cooling } from '../core/cooldown.ts'
import type { Attachment, AttachmentKey, Pod } from '../core/attachment.ts'
import type { ClientId } from '../core/deliveries.ts'
import type { Demand } from '../core/demand.ts'
import type { IpPool } from '../core/ip-pool.ts'
import type { PoolSet } from '../core/pool-set.ts'
import type { PoolUsage, Refusal } from '../core/refusal.ts'
import type { Moment, Sandbox, SandboxSighting } from '../core/sandbox.ts'
import type { MonotonicMs } from '../ports/clock.ts'
import type { PoolListing } from '../ports/pool-source.ts'
import type { ActorRef, ReplyTo } from './runtime/ref.ts'

// ALLOCATOR: from requests of the runtime to durable attachments

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

/** Sent by the reaper and the admin server. */
export interface ListAttachments {
  readonly type: 'ListAttachments'
  readonly replyTo: ReplyTo<readonly Attachment[]>
}

/** To itself: a subnet has answered for this errand. */
export interface Reserved {
  readonly type: 'Reserved'
  readonly errand: number
  readonly subnet: ActorRef<SubnetMessage>
  readonly reservation: Reservation
  readonly usage: readonly PoolUsage[]
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
  | ListAttachments
  | Reserved
  | RetryTick
  | OwedTick
  | CommitTick

// SUBNET: which address of one subnet is used

/** Sent by the allocator: take the next free address of this pool, until Confirm or Cancel. */
export interface Reserve {
  readonly type: 'Reserve'
  readonly pool: string
  readonly holder: string
  readonly replyTo: ReplyTo<ReserveReply>
}

/** Sent by the allocator: take this very address when one of these pools has it. */
export interface ReserveExact {
  readonly type: 'ReserveExact'
  readonly address: Address
  readonly pools: readonly string[]
  readonly holder: string
  readonly replyTo: ReplyTo<ReserveReply>
}

export interface ReserveReply {
  readonly reservation: Reservation
  /** How full the pools of this subnet are; only when a pool is exhausted. */
  readonly usage: readonly PoolUsage[]
}

/** Sent by the allocator: the reservation of this address is durable. */
export interface Confirm {
  readonly type: 'Confirm'
  readonly address: Address
}

/** Sent by the allocator: the reservation of this address came to nothing. */
export interface Cancel {
  readonly type: 'Cancel'
  readonly address: Address
}

/** Sent by the allocator: the release of this address is durable. */
export interface Cool {
  readonly type: 'Cool'
  readonly address: Address
  readonly since: MonotonicMs
  readonly sandbox: Sandbox
  /** The old namespace is known to be gone. */
  readonly vacated: boolean
}

/** Sent by the catalogue: these are the pools of the subnet from now on. */
export interface SetPools {
  readonly type: 'SetPools'
  readonly pools: readonly IpPool[]
}

/** Sent by the catalogue and the admin server. */
export interface DescribeUsage {
  readonly type: 'DescribeUsage'
  readonly replyTo: ReplyTo<SubnetUsage>
}

export interface SubnetUsage {
  readonly pools: readonly PoolUsage[]
  readonly poolsInUse: ReadonlySet<string>
}

/** To itself: what waits for a scarce address should know what became of these namespaces. */
export interface SuspectsSighted {
  readonly type: 'SuspectsSighted'
  readonly suspects: readonly Cooling[]
  readonly sightings: readonly SandboxSighting[]
}

/** To itself: some cool-downs may be over. */
export interface CooldownTick {
  readonly type: 'CooldownTick'
}

export type SubnetMessage =
  | Reserve
  | ReserveExact
  | Confirm
  | Cancel
  | Cool
  | SetPools
  | DescribeUsage
  | SuspectsSighted
  | CooldownTick

// CATALOGUE: which pools are in force

/** Sent by the pool source's watcher and by the catalogue's own clock. */
export interface Reload {
  readonly type: 'Reload'
}

/** To itself: what the source holds now, and which pools still have addresses out. */
export interface Listed {
  readonly type: 'Listed'
  readonly listing: PoolListing
  readonly inUse: ReadonlySet<string>
}

/** Sent by the admin server. */
export interface DescribePools {
  readonly type: 'DescribePools'
  readonly replyTo: ReplyTo<PoolsDescribed>
}

export interface PoolsDescribed {
  readonly set: PoolSet
  readonly subnets: ReadonlyMap<string, ActorRef<SubnetMessage>>
}

export type CatalogueMessage = Reload | Listed | DescribePools

// REAPER: attachments whose namespace is gone

export interface ReapTick {
  readonly type: 'ReapTick'
}

/** To itself: the attachments of a round and what is seen of their namespaces. */
export interface SandboxesSighted {
  readonly type: 'SandboxesSighted'
  readonly attachments: readonly Attachment[]
  readonly sightings: readonly SandboxSighting[]
}

export type ReaperMessage = ReapTick | SandboxesSighted
