// SUBNET: which address of one subnet is used.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { Reservation } from '../../core/address-book.ts'
import type { Address } from '../../core/address.ts'
import type { Cooling } from '../../core/cooldown.ts'
import type { IpPool } from '../../core/ip-pool.ts'
import type { PoolUsage } from '../../core/refusal.ts'
import type { Sandbox, SandboxSighting } from '../../core/sandbox.ts'
import type { MonotonicMs } from '../../ports/clock.ts'
import type { ReplyTo } from '../runtime/ref.ts'

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
