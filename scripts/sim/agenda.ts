// What happens next: the events of a world in the order of virtual time. Of several at one moment, chance
// picks the first, so that no order is relied on that nobody promised.

import type { Chance } from './chance.ts'

interface Entry {
  readonly at: number
  readonly order: number
  action: (() => void) | undefined
}

export class Agenda {
  readonly #chance: Chance
  readonly #heap: Entry[] = []
  #now = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  /** Virtual milliseconds since the world began. */
  get now(): number {
    return this.#now
  }

  /** Do it after so many milliseconds; the returned function prevents it. */
  after(delayMs: number, action: () => void): () => void {
    const entry: Entry = {
      at: this.#now + Math.max(0, delayMs),
      order: this.#chance.next(),
      action
    }
    this.#push(entry)
    return () => {
      entry.action = undefined
    }
  }

  /** Do what is next, if it is due before `until`. False when nothing is. */
  step(until: number): boolean {
    for (;;) {
      const [first] = this.#heap
      if (first === undefined || first.at > until) {
        this.#now = Math.max(this.#now, until)
        return false
      }
      this.#pop()
      if (first.action === undefined) continue
      this.#now = first.at
      first.action()
      return true
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let i = heap.length
    heap.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as Entry
      if (!isEarlier(entry, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Entry
    const { length } = heap
    if (length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= length) break
      const right = heap[child + 1]
      if (right !== undefined && isEarlier(right, heap[child] as Entry)) child += 1
      const below = heap[child] as Entry
      if (!isEarlier(below, last)) break
      heap[i] = below
      i = child
    }
    heap[i] = last
  }
}

function isEarlier(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
