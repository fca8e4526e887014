// The one durable promise of a node: who has which address. Two implementations, one contract suite.

import type { Address } from '../core/address.ts'
import type { Attachment, AttachmentKey } from '../core/attachment.ts'
import type { Moment, Sandbox } from '../core/sandbox.ts'
import type { Tombstone } from '../core/tombstones.ts'
import type { MonotonicMs } from './clock.ts'
import type { LeaseChange, StoredLeases } from './lease-changes.ts'

/** An address that was released lately. `boot` says on which boot's clock `since` was read. */
export interface CoolingAddress {
  readonly address: Address
  readonly prefix: number
  readonly pool: string
  readonly since: MonotonicMs
  readonly boot: string
}

export type Change =
  | LeaseChange
  /** A new attachment with all its addresses. None of them may be in use; a cooling one is taken over. */
  | { readonly type: 'Attach'; readonly attachment: Attachment }
  /** The attachment ends and its addresses, all of them, cool down from `since` on. */
  | {
      readonly type: 'Detach'
      readonly key: AttachmentKey
      readonly addresses: readonly Address[]
      readonly since: MonotonicMs
      readonly boot: string
    }
  /** The same attachment, seen again in another sandbox. */
  | { readonly type: 'Resettle'; readonly key: AttachmentKey; readonly sandbox: Sandbox }
  /** Put a tombstone, or move the one that is there. */
  | { readonly type: 'Bury'; readonly tombstone: Tombstone }
  /** Drop tombstones; from now on `horizon` stands for all of them. */
  | { readonly type: 'Unbury'; readonly keys: readonly AttachmentKey[]; readonly horizon?: Moment }
  /**
   * These addresses have cooled down. One that is in use again by now is left alone, and so is one that
   * was released anew, after `until` on the clock of `boot`.
   */
  | {
      readonly type: 'Forget'
      readonly addresses: readonly Address[]
      readonly until: MonotonicMs
      readonly boot: string
    }
  /** Where next-fit goes on in this pool. */
  | { readonly type: 'MoveCursor'; readonly pool: string; readonly address: Address }

export interface StoredState {
  readonly attachments: readonly Attachment[]
  readonly cooling: readonly CoolingAddress[]
  readonly tombstones: readonly Tombstone[]
  readonly horizon: Moment | undefined
  readonly cursors: ReadonlyMap<string, Address>
  readonly leases: StoredLeases
}

export interface AttachmentStore {
  /** Everything that was committed, by this process or an earlier one. */
  load(): StoredState

  /** As `load().leases`, without the work of reading everything else. */
  loadLeases(): StoredLeases

  /**
   * Make all of these changes durable, or none: when this returns they survive the loss of power.
   * Throws StoreFullError when the disk is full, StoreFailedError when it could not be done for another
   * reason of the world, and an AssertionError when the changes contradict what is stored (two
   * attachments of one address, one key twice): that is a mistake of ours.
   */
  commit(changes: readonly Change[]): void

  close(): void
}
