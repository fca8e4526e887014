// A clock that stands still until it is told otherwise, and runs what became due in the right order.

import type { Clock } from '../../src/ports/clock.ts'

interface Alarm {
  readonly at: number
  readonly action: () => void
}

export class ManualClock implements Clock {
  #now = 1_000_000
  #alarms: Alarm[] = []

  monotonicMs(): number {
    return this.#now
  }

  bootNs(): bigint {
    return BigInt(Math.round(this.#now * 1_000_000))
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(delayMs: number, action: () => void): () => void {
    const alarm = { at: this.#now + delayMs, action }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter(one => one !== alarm)
    }
  }

  /** The process that set them is gone. */
  forgetAlarms(): void {
    this.#alarms = []
  }

  /** Let time pass; every alarm on the way goes off at its own moment. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const due = this.#alarms.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#alarms = this.#alarms.filter(alarm => alarm !== due)
      this.#now = Math.max(this.#now, due.at)
      due.action()
    }
    this.#now = until
  }
}

/** Let everything that actors have told each other by now be handled. */
export async function settle(rounds = 50): Promise<void> {
  for (let i = 0; i < rounds; i += 1) await new Promise(resolve => setImmediate(resolve))
}
