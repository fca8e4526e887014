// What the coordinator did for each attachment, written down before it is done. Two implementations, one contract
// suite.

import type { AttachmentKey } from '../core/attachment.ts'
import type { Sandbox } from '../core/sandbox.ts'

/** Who has written an entry; another writer has entries of its own. */
export type JournalRole = 'coordinator'

export interface JournalKey extends AttachmentKey {
  readonly role: JournalRole
}

export interface JournalEntry {
  readonly key: JournalKey
  readonly sandbox: Sandbox
  /** What was done and how it is taken back, in the writer's own form. */
  readonly text: string
}

export type JournalChange =
  /** Put an entry, or replace the one with its key. The place of a replaced one in the order stays. */
  | { readonly type: 'Put'; readonly entry: JournalEntry }
  /** Content when there is none. */
  | { readonly type: 'Drop'; readonly key: JournalKey }

export interface CoordinationJournal {
  /**
   * Everything that was committed on this boot, by this process or an earlier one, in the order in which keys first
   * came. Nothing survives a reboot, and what was written down on another boot is over.
   */
  load(): readonly JournalEntry[]

  /**
   * Make all of these changes, or none: when this returns they survive the end of this process, however it comes.
   * They need not survive that of the kernel, with which everything goes that they speak of. Throws
   * StoreFullError when the disk is full, and StoreFailedError when it could not be done for another reason of
   * the world.
   */
  commit(changes: readonly JournalChange[]): void
}
