// What people may see of the actors that live now, and what is remembered of those that crashed before them.

import type { Clock } from '../../ports/clock.ts'
import type { ActorSystem } from './actor-system.ts'
import type { ActorVitals } from './meter.ts'
import type { TraceSlice } from './trace.ts'

export interface ActorReport extends ActorVitals {
  /** How often it was brought to life again: all of them are when one crashes. */
  readonly restarts: number
  /** Its own latest crash; absent while it never had one. */
  readonly lastError?: { readonly error: unknown; readonly atMs: number }
}

export class ActorWindow {
  readonly #system: () => ActorSystem | undefined
  readonly #clock: Clock
  readonly #crashes = new Map<string, { readonly error: unknown; readonly atMs: number }>()
  /** How often all of them were brought to life again. */
  restarts = 0

  constructor(system: () => ActorSystem | undefined, clock: Clock) {
    this.#system = system
    this.#clock = clock
  }

  /** All of these end now because one of them crashed, and others take their places. */
  crashed(system: ActorSystem, error: unknown): void {
    this.restarts += 1
    const atMs = this.#clock.wallMs()
    for (const { path, stopped } of system.vitals()) {
      if (stopped?.type === 'Crashed') this.#crashes.set(path, { error, atMs })
    }
  }

  /** In the order of their birth; none when there is no house. */
  vitals(): readonly ActorReport[] {
    const { restarts } = this
    const actors = this.#system()?.vitals() ?? []
    return actors.map(vitals => {
      const lastError = this.#crashes.get(vitals.path)
      return { ...vitals, restarts, ...(lastError !== undefined && { lastError }) }
    })
  }

  /** What an actor says of its state; undefined when there is no such actor, or it says nothing. */
  describe(path: string): unknown {
    return this.#system()?.describe(path)
  }

  /** Messages of an actor after the asked number, see `Trace`; undefined when there is no such actor. */
  trace(path: string, after: number): TraceSlice | undefined {
    return this.#system()?.trace(path, after)
  }

  /** False when it was refused. That the message is of the actor's protocol is up to who sends it. */
  tell(path: string, message: unknown): boolean {
    return this.#system()?.tell(path, message) ?? false
  }
}
