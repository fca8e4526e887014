// What the daemon and the thread of the chained plugins ask of each other.

import type { Collection } from './cni/service.ts'
import type { DaemonConfig } from './config/daemon-config.ts'
import type { Pod } from './core/attachment.ts'
import type { NodeEvent } from './core/event.ts'
import type { Moment } from './core/sandbox.ts'
import type { Annotations } from './core/selection/facts.ts'
import type { Lively } from './kept-thread.ts'
import type { JournalKey } from './ports/coordination-journal.ts'
import type { LinkOrder } from './ports/link-prober.ts'

/** Given to the thread at its start. */
export interface CoordinationStart {
  readonly config: DaemonConfig
  /** The current boot id. */
  readonly boot: string
  /** Whether anybody tells of pods but the runtime. */
  readonly hasFacts: boolean
  /** See `kernel/socket-ledger.ts`. */
  readonly sockets: SharedArrayBuffer
}

/** What the thread can be asked. */
export type OfThread = Lively & {
  readonly undo: (what: { readonly key: JournalKey; readonly began: Moment }) => boolean
}

/** What the daemon can be asked. */
export type OfDaemon = {
  readonly annotationsOf: (pod: Pod) => Annotations | undefined
  /** See `CollectAddresses`. */
  readonly collect: (what: Collection & { readonly timeoutMs: number }) => string | undefined
  readonly announce: (order: LinkOrder) => void
  readonly note: (events: readonly NodeEvent[]) => undefined
}
