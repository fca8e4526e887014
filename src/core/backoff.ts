// How long to wait before the next try: twice as long each time, and never as long as others who wait too.

export class Backoff {
  readonly #first: number
  readonly #most: number
  readonly #chance: () => number
  #tries = 0

  /** In milliseconds; `chance` gives numbers from 0 up to 1. */
  constructor(first: number, most: number, chance: () => number) {
    this.#first = first
    this.#most = most
    this.#chance = chance
  }

  /** From half of the pause to one and a half of it. */
  next(): number {
    const pause = Math.min(this.#first * 2 ** this.#tries, this.#most)
    if (pause < this.#most) this.#tries += 1
    return pause * (0.5 + this.#chance())
  }

  get isFresh(): boolean {
    return this.#tries === 0
  }

  reset(): void {
    this.#tries = 0
  }
}
