// Everything an actor needs from outside, and what the house shows of itself. `furnish` spawns the actors.

import type { CooldownPolicy } from '../core/cooldown.ts'
import type { Deliveries } from '../core/deliveries.ts'
import type { Rules } from '../core/lease/rules.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Mesh } from '../ports/mesh.ts'
import type { PoolListing, PoolSource } from '../ports/pool-source.ts'
import type { Random } from '../ports/random.ts'
import type { Registry } from '../ports/registry.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { CatalogueMessage } from './messages/catalogue.ts'
import type { MembershipMessage } from './messages/membership.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import type { ActorRef, StopReason } from './runtime/ref.ts'
import type { Spawner } from './runtime/behaviour.ts'

/** Who has to answer before a node serves again after a reboot. */
export type ConfirmMode = 'none' | 'reachable' | 'all'

export interface HouseParts {
  readonly store: AttachmentStore
  readonly source: PoolSource
  readonly probe: SandboxProbe
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  readonly mesh: Mesh
  readonly registry: Registry
  /** The current boot id. */
  readonly boot: string
  readonly node: string
  /** The machine's id; empty when it has none. */
  readonly machine: string
  /** This node may write the first record when the registry is empty. */
  readonly founds: boolean
  readonly confirm: ConfirmMode
  readonly cooldown: CooldownPolicy
  readonly reap: { readonly everyMs: number; readonly graceMs: number }
  readonly rules: Rules
  /**
   * This incarnation cannot go on: it was removed, or others remember more than it does. The house has to be
   * built anew over another one; what is in it serves nothing any more.
   */
  readonly onEnded: (why: string) => void
}

/** What a house takes over from the one before, beside what the store remembers. */
export interface Inheritance {
  readonly listing: PoolListing
  readonly onListed: (listing: PoolListing) => void
  /** Who has not confirmed its answer yet may still leave without it. */
  readonly deliveries: Deliveries
}

export interface HouseRefs {
  readonly allocator: ActorRef<AllocatorMessage>
  readonly catalogue: ActorRef<CatalogueMessage>
  readonly membership: ActorRef<MembershipMessage>
  readonly secretary: ActorRef<SecretaryMessage>
}

/** Spawn every actor over what the store remembers; `onStopped` hears of each that ends. */
export declare function furnish(
  spawner: Spawner,
  parts: HouseParts,
  inheritance: Inheritance,
  onStopped: (reason: StopReason) => void
): HouseRefs
