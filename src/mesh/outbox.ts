// What waits to leave for one peer on one channel. Bounded by count, bytes and age; the oldest goes first.

import type { Clock, MonotonicMs } from '../ports/clock.ts'
import { batchBytesMax, outboxBytesMax, outboxFramesMax, outboxWaitMs } from './mesh-limits.ts'

interface Waiting {
  readonly frame: Uint8Array
  readonly since: MonotonicMs
}

export class Outbox {
  readonly #clock: Clock
  #waiting: Waiting[] = []
  #bytes = 0
  #wake: (() => void) | undefined
  /** Frames that never left. */
  dropped = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  push(frame: Uint8Array): void {
    this.#waiting.push({ frame, since: this.#clock.monotonicMs() })
    this.#bytes += frame.length
    while (this.#waiting.length > outboxFramesMax || this.#bytes > outboxBytesMax) this.#drop()
    this.#wake?.()
  }

  /** Drop what has waited too long. */
  expire(): void {
    const now = this.#clock.monotonicMs()
    while (now - (this.#waiting[0]?.since ?? now) >= outboxWaitMs) this.#drop()
  }

  clear(): void {
    while (this.#waiting.length > 0) this.#drop()
  }

  /** Frames as they come, those together that wait together, until `signal` says that nobody takes them any more. */
  async *leave(signal: AbortSignal): AsyncGenerator<readonly Uint8Array[]> {
    const wake = () => this.#wake?.()
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted) {
        this.expire()
        if (this.#waiting.length > 0) yield this.#batch()
        else await new Promise<void>(resolve => (this.#wake = resolve))
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  #batch(): Uint8Array[] {
    const frames: Uint8Array[] = []
    let bytes = 0
    for (const { frame } of this.#waiting) {
      if (frames.length > 0 && bytes + frame.length > batchBytesMax) break
      frames.push(frame)
      bytes += frame.length
    }
    this.#waiting = this.#waiting.slice(frames.length)
    this.#bytes -= bytes
    return frames
  }

  #drop(): void {
    const oldest = this.#waiting.shift()
    if (oldest === undefined) return
    this.#bytes -= oldest.frame.length
    this.dropped += 1
  }
}
