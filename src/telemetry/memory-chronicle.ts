// What happened lately, in memory: a ring of the last events, and those who follow them. What is noted costs an object
// and a few pushes, whoever listens; what must outlive the process is the business of the audit log.

import { isTold, type NodeEvent } from '../core/event.ts'
import type { Clock } from '../ports/clock.ts'
import type { Chronicle, ChronicleReader, Entry, Follower, Pile } from '../ports/chronicle.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'

/** Every pod that a node may have, started and ended eight times over; some 2 MB. */
export const rememberedMax = 4_096
/** What a reader may be behind: a burst of every pod of a node, twice over. */
export const piledMax = 512
/** A handful of people with a page or a shell each, and tools. */
export const followersMax = 32

const sessionBytes = 4

export interface MemoryChronicleOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export class MemoryChronicle implements Chronicle, ChronicleReader {
  readonly session: string
  readonly #clock: Clock
  readonly #log: Log
  /** Entry `seq` lies at `seq % rememberedMax`. */
  readonly #ring: Entry[] = []
  readonly #followers = new Set<Queue>()
  #counters: readonly ((event: NodeEvent) => void)[] = []
  #last = 0

  constructor({ clock, random, log }: MemoryChronicleOptions) {
    this.#clock = clock
    this.#log = log
    this.session = random.hex(sessionBytes)
  }

  get last(): number {
    return this.#last
  }

  note(event: NodeEvent): void {
    for (const onEvent of this.#counters) this.#guarded(onEvent, event)
    if (!isTold(event)) return
    this.#last += 1
    const entry: Entry = { seq: this.#last, atMs: this.#clock.wallMs(), event }
    this.#ring[entry.seq % rememberedMax] = entry
    for (const follower of this.#followers) follower.put(entry)
  }

  after(seq: number): Pile {
    const first = Math.max(seq, this.#last - rememberedMax, 0) + 1
    const entries: Entry[] = []
    for (let at = first; at <= this.#last; at += 1) {
      const entry = this.#ring[at % rememberedMax]
      if (entry !== undefined) entries.push(entry)
    }
    return { entries, dropped: Math.min(first, this.#last + 1) - 1 - Math.min(seq, this.#last) }
  }

  follow(onMore: () => void): Follower | undefined {
    if (this.#followers.size >= followersMax) return undefined
    const queue = new Queue(() => this.#guarded(onMore, undefined))
    this.#followers.add(queue)
    return { take: () => queue.take(), end: () => void this.#followers.delete(queue) }
  }

  count(onEvent: (event: NodeEvent) => void): () => void {
    this.#counters = [...this.#counters, onEvent]
    return () => {
      this.#counters = this.#counters.filter(one => one !== onEvent)
    }
  }

  /** A listener that fails is our mistake, and no reason to fail a pod. */
  #guarded<Value>(listen: (value: Value) => void, value: Value): void {
    try {
      listen(value)
    } catch (error) {
      this.#log.error({ error }, 'a listener to events failed')
    }
  }
}

class Queue {
  readonly #onMore: () => void
  #entries: Entry[] = []
  #dropped = 0

  constructor(onMore: () => void) {
    this.#onMore = onMore
  }

  put(entry: Entry): void {
    if (this.#entries.length >= piledMax) {
      this.#dropped += this.#entries.length
      this.#entries = []
    }
    this.#entries.push(entry)
    if (this.#entries.length === 1) this.#onMore()
  }

  take(): Pile {
    const pile = { entries: this.#entries, dropped: this.#dropped }
    this.#entries = []
    this.#dropped = 0
    return pile
  }
}
