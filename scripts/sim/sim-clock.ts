// The clock of one node: it runs at its own pace from each boot on, and what people call the time may jump.

import type { Clock } from '../../src/ports/clock.ts'
import type { Agenda } from './agenda.ts'

/** A machine has been up for some seconds when its daemon starts. */
const upMs = 20_000

export class SimClock implements Clock {
  readonly #agenda: Agenda
  /** Of this clock, for each second of the world. */
  readonly #pace: number
  #bootedAt: number
  #wallJumpMs = 0

  constructor(agenda: Agenda, pace: number) {
    this.#agenda = agenda
    this.#pace = pace
    this.#bootedAt = agenda.now - upMs
  }

  monotonicMs(): number {
    return (this.#agenda.now - this.#bootedAt) * this.#pace
  }

  bootNs(): bigint {
    return BigInt(Math.round(this.monotonicMs() * 1_000_000))
  }

  wallMs(): number {
    return Math.round(1_700_000_000_000 + this.#agenda.now + this.#wallJumpMs)
  }

  after(delayMs: number, action: () => void): () => void {
    return this.#agenda.after(delayMs / this.#pace, action)
  }

  reboot(): void {
    this.#bootedAt = this.#agenda.now - upMs
  }

  jump(ms: number): void {
    this.#wallJumpMs += ms
  }
}
