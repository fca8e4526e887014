// SUBNET: which address of one subnet is used.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { AddressRange } from '../../core/address-range.ts'
import type { AddressSet } from '../../core/address-set.ts'
import type { Bind } from '../../core/lease/bind.ts'
import type { Contest } from '../../core/lease/contest.ts'
import type { OpenGrant } from '../../core/lease/open-grant.ts'
import type { MemberIndex, Run } from '../../core/lease/register.ts'
import type { Occupancy } from '../../core/map/occupancy.ts'
import type { DomainBody } from '../../core/protocol.ts'
import type { DescribeAddresses, LiftQuarantine } from './address-questions.ts'
import type { Fetched, MemberReachable } from './broker.ts'
import type { ViewAdvanced } from './membership.ts'
import type { Reservation } from '../../core/reservation.ts'
import type { Address } from '../../core/address.ts'
import type { Cooling } from '../../core/cooldown.ts'
import type { IpPool } from '../../core/ip-pool.ts'
import type { PoolUsage } from '../../core/refusal.ts'
import type { Sandbox, SandboxSighting } from '../../core/sandbox.ts'
import type { MonotonicMs } from '../../ports/clock.ts'
import type { ReplyTo } from '../runtime/ref.ts'

/**
 * Sent by the allocator: take the next free address of this pool, until Confirm or Cancel. When there is
 * none here the answer comes later: when one was found elsewhere or when it is known that there is none.
 */
export interface Reserve {
  readonly type: 'Reserve'
  readonly pool: string
  readonly holder: string
  /** Until when the answer has to be there. */
  readonly deadline: MonotonicMs
  readonly replyTo: ReplyTo<ReserveReply>
}

/** Sent by the allocator: take this very address when one of these pools has it. */
export interface ReserveExact {
  readonly type: 'ReserveExact'
  readonly address: Address
  readonly pools: readonly string[]
  readonly holder: string
  /** Whom it may be kept for. */
  readonly keeper?: string
  /** Until when the answer has to be there. */
  readonly deadline: MonotonicMs
  readonly replyTo: ReplyTo<ReserveReply>
}

export interface ReserveReply {
  readonly reservation: Reservation
  /** Why there is none here: what others have said, or why this node serves nothing. */
  readonly lack?: Lack
  /** How full the pools of this subnet are; only when a pool is exhausted. */
  readonly usage: readonly PoolUsage[]
}

/** Sent by the allocator: the reservation of this address is durable. */
export interface Confirm {
  readonly type: 'Confirm'
  readonly address: Address
}

/** Sent by the allocator: keep an address for somebody, when it is this node's. */
export interface Keep {
  readonly type: 'Keep'
  readonly address: Address
  readonly bind: Bind
}

/** Sent by the allocator: nobody keeps this any more; ignored when it is kept otherwise by now. */
export interface Unkeep {
  readonly type: 'Unkeep'
  readonly address: Address
  readonly bind: Bind
  readonly why: string
}

/** Sent by the allocator: a host that is no pod has this address, which was taken for one. */
export interface Quarantine {
  readonly type: 'Quarantine'
  readonly address: Address
  readonly mac: string
}

/** Sent by the allocator: what uses this address has another key now. */
export interface Rename {
  readonly type: 'Rename'
  readonly address: Address
  readonly holder: string
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
  /** How many pods wait for an address, by pool. */
  readonly waiting: ReadonlyMap<string, number>
  /** Addresses that are out of use because foreign hosts have them. */
  readonly quarantined: number
}

/** To itself: what waits for a scarce address should know what became of these namespaces. */
export interface SuspectsSighted {
  readonly type: 'SuspectsSighted'
  readonly suspects: readonly Cooling[]
  readonly sightings: readonly SandboxSighting[]
}

/** To itself: the time of somebody who waits may be up. */
export interface WaitingTick {
  readonly type: 'WaitingTick'
}

/** To itself: some cool-downs may be over. */
export interface CooldownTick {
  readonly type: 'CooldownTick'
}

/** Why a pool has no address for a pod. */
export type Lack =
  /** Everybody was asked, and every address is in use. */
  | { readonly type: 'Full'; readonly usage: PoolUsage }
  /** What can be reached has none; these members could not be asked. */
  | {
      readonly type: 'Unreachable'
      readonly usage: PoolUsage
      readonly silent: readonly { readonly node: string; readonly owned: number }[]
    }
  /** Others are being asked, and the time is up; or the owner of this very address lets it cool down. */
  | { readonly type: 'Pending'; readonly usage: PoolUsage; readonly isCooling?: true }
  /** Custody of this very address is at a node that does not answer. */
  | { readonly type: 'HeldBy'; readonly address: Address; readonly node: string }
  /** This node hands out nothing now. */
  | { readonly type: 'NotServing'; readonly why: string }

/** Sent by membership: a message of a member, in a session that is believed. */
export interface PeerSays {
  readonly type: 'PeerSays'
  readonly from: MemberIndex
  readonly body: DomainBody
}

/** Sent by the broker: what came of asking around. */
export interface Found {
  readonly type: 'Found'
  readonly pool: string
  readonly lack: Lack
}

/** Sent by the broker: everybody was asked and has nothing to give now; it will be tried again. */
export interface NothingElsewhere {
  readonly type: 'NothingElsewhere'
  readonly pool: string
}

/** Sent by the broker: how many free addresses of a pool others seem to have. */
export interface Outlook {
  readonly type: 'Outlook'
  readonly pool: string
  readonly elsewhere: number
}

/** Sent by the synchroniser: this member knows something else. */
export interface Reconcile {
  readonly type: 'Reconcile'
  readonly member: MemberIndex
}

/** Sent by the inquest: nothing is known anywhere that this node has forgotten. */
export interface Cleared {
  readonly type: 'Cleared'
  /** A count of this node's writes that one member claims and nothing shows. */
  readonly wctr?: number
}

/** Sent by the inquest: others know more of this node's own addresses than this node does. */
export interface Exposed {
  readonly type: 'Exposed'
  readonly evidence: string
}

/** Sent by the inquest after a complete round: where pods live, and what the subnet has not heard yet. */
export interface Conclude {
  readonly type: 'Conclude'
  /** How much of the registry everybody had read who answered: later removals need another round. */
  readonly round: number
  readonly runs: readonly Run[]
  readonly live: ReadonlyMap<MemberIndex, AddressSet>
}

/** An operator has ordered: give all free addresses to others, and go on with each that becomes free; or no more. */
export interface DrainNode {
  readonly type: 'DrainNode'
  readonly isOver?: boolean
}

/** Sent by an operator's verb: bring this address here. */
export interface FetchAddress {
  readonly type: 'FetchAddress'
  readonly address: Address
  readonly replyTo: ReplyTo<Fetched | { readonly type: 'Here' } | { readonly type: 'Unknown' }>
}

/** Sent by the admin server. */
export interface DescribeCustody {
  readonly type: 'DescribeCustody'
  readonly replyTo: ReplyTo<CustodyDescribed>
}

export interface CustodyDescribed {
  readonly domain: string
  readonly me: MemberIndex | undefined
  /** Undefined while addresses are handed out. */
  readonly notServing: string | undefined
  /** An operator has this node drained. */
  readonly isDraining: boolean
  readonly runs: readonly Run[]
  readonly contests: readonly Contest[]
  readonly grants: readonly OpenGrant[]
  /** Removed members whose addresses are being taken over here, and who is waited for. */
  readonly waitsFor: readonly MemberIndex[]
}

/** Sent by the admin server: what the addresses of this range are, for people who look at them. */
export interface DescribeOccupancy {
  readonly type: 'DescribeOccupancy'
  readonly window: AddressRange
  readonly replyTo: ReplyTo<Occupancy>
}

/** Sent by the inquest before it asks: whose answers are expected, under which chance; none of them any more. */
export interface WaitsFor {
  readonly type: 'WaitsFor'
  readonly nonce?: string
  readonly members: readonly MemberIndex[]
}

export type SubnetMessage =
  | PeerSays
  | ViewAdvanced
  | Found
  | NothingElsewhere
  | Outlook
  | Reconcile
  | Cleared
  | Exposed
  | Conclude
  | WaitsFor
  | WaitingTick
  | MemberReachable
  | DrainNode
  | FetchAddress
  | DescribeCustody
  | DescribeOccupancy
  | DescribeAddresses
  | LiftQuarantine
  | Reserve
  | ReserveExact
  | Confirm
  | Keep
  | Unkeep
  | Rename
  | Quarantine
  | Cancel
  | Cool
  | SetPools
  | DescribeUsage
  | SuspectsSighted
  | CooldownTick
