// The last messages of one actor, for a person who looks on. A message is never changed after it was sent, so the
// message itself is kept and nothing is made of it before somebody reads it: looking on costs the actor next to nothing.

import type { MonotonicMs } from '../../ports/clock.ts'

/** Messages that are kept; of what is older than these a reader hears only how many there were. */
const messagesMax = 256

/** Messages noted in a second, so that a storm does not leave a reader with its last moment alone. */
const perSecondMax = 500

/** Nobody has read for so long: whoever looked on is gone, whatever became of its terminal. */
const unreadMs = 30_000

export interface TracedMessage {
  readonly message: unknown
  /** When its handling began. */
  readonly atMs: MonotonicMs
  readonly tookMs: number
  /** How many waited behind it. */
  readonly waiting: number
}

export interface TraceSlice {
  /** What came after the asked number and is still kept, the oldest first. */
  readonly messages: readonly (TracedMessage & { readonly n: number })[]
  /** To ask from the next time. */
  readonly last: number
  /** How many are not kept any more, and how many were too many in their second. */
  readonly missed: number
}

export class Trace {
  readonly #ring: (TracedMessage & { readonly n: number })[] = []
  #n = 0
  #readAt: MonotonicMs
  #second: MonotonicMs
  #inSecond = 0

  constructor(now: MonotonicMs) {
    this.#readAt = now
    this.#second = now
  }

  isForgotten(now: MonotonicMs): boolean {
    return now - this.#readAt > unreadMs
  }

  note(message: TracedMessage): void {
    this.#n += 1
    if (message.atMs - this.#second >= 1_000) {
      this.#second = message.atMs
      this.#inSecond = 0
    }
    this.#inSecond += 1
    if (this.#inSecond > perSecondMax) return
    const entry = { ...message, n: this.#n }
    if (this.#ring.length < messagesMax) this.#ring.push(entry)
    else this.#ring[this.#oldest++ % messagesMax] = entry
  }

  #oldest = 0

  /** What came after message number `after`; 0 for all that is kept. */
  read(after: number, now: MonotonicMs): TraceSlice {
    this.#readAt = now
    const messages = this.#ring.filter(({ n }) => n > after).sort((a, b) => a.n - b.n)
    const since = Math.min(after, this.#n)
    return { messages, last: this.#n, missed: this.#n - since - messages.length }
  }
}
