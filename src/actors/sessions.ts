// Which process of each member is believed. A session is believed when it has answered a challenge of this
// process: so nothing that a dead process said, or that was said to a dead one, opens anything.

import type { Session } from '../core/protocol.ts'
import type { Random } from '../ports/random.ts'

/** How often an unanswered greeting is repeated, at first and at most. */
const greetMs = { first: 500, most: 10_000 }
export const nonceBytes = 8

export interface Acquaintance {
  readonly session: Session
  /** The wire version that is talked in it. */
  readonly version: number
  /** When it was heard last. */
  heardAt: number
}

interface Greeting {
  readonly nonce: string
  readonly at: number
  readonly pause: number
}

export class Sessions {
  readonly #random: Random
  /** By incarnation. */
  readonly #believed = new Map<string, Acquaintance>()
  readonly #greetings = new Map<string, Greeting>()
  /** Challenges that were sent in a Welcome. */
  readonly #challenges = new Map<string, { readonly nonce: string; readonly version: number }>()

  constructor(random: Random) {
    this.#random = random
  }

  of(incarnation: string): Acquaintance | undefined {
    return this.#believed.get(incarnation)
  }

  believes(incarnation: string, session: Session): boolean {
    const known = this.#believed.get(incarnation)?.session
    return known !== undefined && sameSession(known, session)
  }

  believe(incarnation: string, acquaintance: Acquaintance): void {
    this.#believed.set(incarnation, acquaintance)
    this.#greetings.delete(incarnation)
    this.#challenges.delete(incarnation)
  }

  forget(incarnation: string): void {
    this.#believed.delete(incarnation)
    this.#greetings.delete(incarnation)
    this.#challenges.delete(incarnation)
  }

  /** The nonce to greet with now; undefined while an earlier greeting may still be answered. */
  greet(incarnation: string, now: number): string | undefined {
    const open = this.#greetings.get(incarnation)
    if (open !== undefined && now - open.at < open.pause) return undefined
    const pause = open === undefined ? greetMs.first : Math.min(open.pause * 2, greetMs.most)
    // The first nonce stays good: its answer may be on its way.
    const nonce = open?.nonce ?? this.#random.hex(nonceBytes)
    this.#greetings.set(incarnation, { nonce, at: now, pause })
    return nonce
  }

  /** Does this answer our greeting? */
  answersGreeting(incarnation: string, nonce: string): boolean {
    return this.#greetings.get(incarnation)?.nonce === nonce
  }

  /** The nonce to challenge with; the session that answers it will talk this version. */
  challenge(incarnation: string, version: number): string {
    const nonce = this.#challenges.get(incarnation)?.nonce ?? this.#random.hex(nonceBytes)
    this.#challenges.set(incarnation, { nonce, version })
    return nonce
  }

  /** The version of the session that answers our challenge; undefined for what answers none. */
  versionChallenged(incarnation: string, nonce: string): number | undefined {
    const challenge = this.#challenges.get(incarnation)
    return challenge?.nonce === nonce ? challenge.version : undefined
  }
}

export function sameSession(a: Session, b: Session): boolean {
  return a.opened === b.opened && a.id === b.id
}

/** `a` is of an earlier opening than `b`, or of the same one in another copy of the database. */
export function isSuperseded(a: Session, b: Session): boolean {
  return a.opened < b.opened || (a.opened === b.opened && a.id !== b.id)
}
