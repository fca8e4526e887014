// Decisions that wait for the disk. All that were taken since the last commit share one transaction and
// so one synchronisation of the disk, and nothing is told before it has returned.

import { StoreFailedError } from '../core/errors.ts'
import type { AttachmentStore, Change } from '../ports/attachment-store.ts'
import type { Log } from '../ports/log.ts'

/** What was decided, and what follows when it is durable or when the store could not take it. */
export interface Decision {
  readonly changes: readonly Change[]
  readonly onDurable: () => void
  readonly onFailed: (error: StoreFailedError) => void
}

/** Bounds how long one transaction holds the event loop: some 10 ms of inserts. */
const decisionsPerCommitMax = 512

export class CommitQueue {
  readonly #store: AttachmentStore
  readonly #log: Log
  readonly #wake: () => void
  #decisions: Decision[] = []
  #isRefused = false

  /** `wake` asks for a call of `flush` soon, after what else is there to be decided. */
  constructor(store: AttachmentStore, log: Log, wake: () => void) {
    this.#store = store
    this.#log = log
    this.#wake = wake
  }

  add(decision: Decision): void {
    this.#decisions.push(decision)
    if (this.#decisions.length === 1) this.#wake()
  }

  flush(): void {
    const decisions = this.#decisions.splice(0, decisionsPerCommitMax)
    if (this.#decisions.length > 0) this.#wake()
    if (decisions.length === 0) return
    const failure = this.#commit(decisions)
    if (failure === undefined) for (const { onDurable } of decisions) onDurable()
    else if (decisions.length === 1) decisions[0]?.onFailed(failure)
    else this.#commitEach(decisions)
  }

  /** The disk refused the lot: a release may fit where an allocation does not. */
  #commitEach(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const failure = this.#commit([decision])
      if (failure === undefined) decision.onDurable()
      else decision.onFailed(failure)
    }
  }

  #commit(decisions: readonly Decision[]): StoreFailedError | undefined {
    try {
      this.#store.commit(decisions.flatMap(({ changes }) => changes))
    } catch (error) {
      if (!(error instanceof StoreFailedError)) throw error
      // Said once and not for every request: the disk may be full of logs as it is.
      if (!this.#isRefused) this.#log.error({ error }, 'the disk refuses what is decided')
      this.#isRefused = true
      return error
    }
    if (this.#isRefused) this.#log.info({}, 'the disk takes what is decided again')
    this.#isRefused = false
    return undefined
  }
}
