// What peers do wrong: all of it is counted, and told once a minute for each peer.

import type { Clock, MonotonicMs } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { complaintMs, learnedPeersMax } from './mesh-limits.ts'

export class Complaints {
  readonly #clock: Clock
  readonly #log: Log
  readonly #told = new Map<string, { at: MonotonicMs; since: number }>()
  count = 0

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  about(peer: string, problem: string): void {
    this.count += 1
    const now = this.#clock.monotonicMs()
    const told = this.#told.get(peer)
    if (told !== undefined && now - told.at < complaintMs) {
      told.since += 1
      return
    }
    this.#log.warn({ peer, problem, more: told?.since ?? 0 }, 'a peer says what it must not')
    if (this.#told.size >= learnedPeersMax) this.#told.clear()
    this.#told.set(peer, { at: now, since: 0 })
  }
}
