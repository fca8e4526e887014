// How many pods came at once lately: what a node keeps in stock follows from it.

/** Lately is a minute; at once is two seconds. */
const windowMs = 60_000
const slotMs = 2_000

export class RecentAdds {
  /** By slot of time: how many came in it. */
  readonly #slots = new Map<number, number>()

  add(now: number): void {
    const slot = Math.floor(now / slotMs)
    const count = this.#slots.get(slot)
    if (count === undefined) this.#forget(slot)
    this.#slots.set(slot, (count ?? 0) + 1)
  }

  /** The most that came in one slot of the window before `now`. */
  peak(now: number): number {
    const first = Math.floor((now - windowMs) / slotMs)
    let peak = 0
    for (const [slot, count] of this.#slots) {
      if (slot >= first && count > peak) peak = count
    }
    return peak
  }

  #forget(now: number): void {
    for (const slot of this.#slots.keys()) {
      if ((now - slot) * slotMs > windowMs) this.#slots.delete(slot)
    }
  }
}
