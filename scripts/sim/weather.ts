// How the network treats messages at the moment: what it loses, doubles and delays, and who is cut off from
// whom. Cuts are counted, since several may overlap.

import type { Chance } from './chance.ts'

/** Rates are probabilities for one message. */
export interface Weather {
  readonly loss: number
  readonly doubling: number
  /** How many messages are late by the tail: up to minutes, also across restarts of both ends. */
  readonly tail: number
  readonly delayMs: number
  readonly tailMs: number
}

export const fairWeather: Weather = { loss: 0, doubling: 0, tail: 0, delayMs: 2, tailMs: 0 }

export class Cuts {
  readonly #cuts = new Map<string, number>()

  /** From one node to the other, this way only. */
  add(from: number, to: number, count: 1 | -1): void {
    const key = `${from}>${to}`
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + count)
  }

  isOpen(from: number, to: number): boolean {
    return (this.#cuts.get(`${from}>${to}`) ?? 0) <= 0
  }

  clear(): void {
    this.#cuts.clear()
  }
}

/** How long one copy of a message takes; undefined: it never arrives. */
export function fateOf(weather: Weather, chance: Chance): number | undefined {
  if (chance.hits(weather.loss)) return undefined
  if (chance.hits(weather.tail)) return chance.between(weather.delayMs, weather.tailMs)
  // Some messages overtake others, most do not.
  return weather.delayMs * (0.25 + chance.next() * chance.next() * 4)
}
