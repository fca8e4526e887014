// Who is not let in is told why, where that helps it and cannot go on for ever.

import type { Body, BodyOf } from '../core/protocol.ts'

/** How often a member that was removed is told so, while it goes on talking. */
const removedPauseMs = 1_000

export class Rebuffs {
  readonly #now: () => number
  readonly #say: (peer: string, body: Body) => void
  /** When a removed member was told of it last. */
  readonly #told = new Map<string, number>()

  constructor(now: () => number, say: (peer: string, body: Body) => void) {
    this.#now = now
    this.#say = say
  }

  /** Only a greeting is answered: a rebuff of a rebuff would never end. */
  say(peer: string, why: BodyOf<'Rebuff'>['why'], answer: string): void {
    if (answer !== '') this.#say(peer, { type: 'Rebuff', why, answer })
  }

  /** It may not know yet; the index of the registry that this carries makes it read. */
  removed(peer: string, answer: string): void {
    const now = this.#now()
    if (now - (this.#told.get(peer) ?? -removedPauseMs) < removedPauseMs) return
    this.#told.set(peer, now)
    this.#say(peer, { type: 'Rebuff', why: 'Fenced', answer })
  }
}
