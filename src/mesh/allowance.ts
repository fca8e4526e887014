// How much one peer may say: a measure that fills with time and empties with use (token bucket).

import type { Clock, MonotonicMs } from '../ports/clock.ts'
import {
  inboundBurstSeconds,
  inboundBytesPerSecond,
  inboundFramesPerSecond
} from './mesh-limits.ts'

export class Allowance {
  readonly #clock: Clock
  #frames = inboundFramesPerSecond * inboundBurstSeconds
  #bytes = inboundBytesPerSecond * inboundBurstSeconds
  #at: MonotonicMs

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.monotonicMs()
  }

  /** Milliseconds until the debt of this frame is paid; 0 when there is none. */
  charge(bytes: number): number {
    this.#fill()
    this.#frames -= 1
    this.#bytes -= bytes
    const debt = Math.max(
      -this.#frames / inboundFramesPerSecond,
      -this.#bytes / inboundBytesPerSecond
    )
    return debt > 0 ? Math.ceil(debt * 1000) : 0
  }

  /** Full again: nobody needs to remember the peer for it. */
  isFull(): boolean {
    this.#fill()
    return (
      this.#frames >= inboundFramesPerSecond * inboundBurstSeconds &&
      this.#bytes >= inboundBytesPerSecond * inboundBurstSeconds
    )
  }

  #fill(): void {
    const now = this.#clock.monotonicMs()
    const seconds = (now - this.#at) / 1000
    this.#at = now
    this.#frames = Math.min(
      this.#frames + seconds * inboundFramesPerSecond,
      inboundFramesPerSecond * inboundBurstSeconds
    )
    this.#bytes = Math.min(
      this.#bytes + seconds * inboundBytesPerSecond,
      inboundBytesPerSecond * inboundBurstSeconds
    )
  }
}
