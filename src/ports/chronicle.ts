// Who hears of what happens on a node. Whoever notes something goes on at once, whoever listens: noting neither waits
// nor fails, and decides nothing.

import type { NodeEvent, ToldEvent } from '../core/event.ts'

/** All that an actor sees of it. */
export interface Chronicle {
  /** Called after the fact: after the commit of what was decided. Never throws. */
  note(event: NodeEvent): void
}

export interface Entry {
  /** From 1, without gaps, for as long as the process lives. */
  readonly seq: number
  /** Milliseconds since 1970, for people; may jump. */
  readonly atMs: number
  readonly event: ToldEvent
}

/** A reader that cannot keep up loses what it has not read, and is told how much. */
export interface Pile {
  readonly entries: readonly Entry[]
  /** How many entries before these were lost to this reader. */
  readonly dropped: number
}

export interface Follower {
  /** What has come since the last call. */
  take(): Pile
  /** Nothing is kept for it any more. */
  end(): void
}

/** For the edge of the process, where events become text and numbers. */
export interface ChronicleReader {
  /** Tells entries of this process from those of another one. */
  readonly session: string
  /** The number of the latest entry, 0 before the first. */
  readonly last: number
  /** What is remembered after this number, oldest first; from 0 for all of it. */
  after(seq: number): Pile
  /**
   * Entries from now on pile up for this reader, up to a limit. `onMore` is called, inside the noting, when the first
   * one lies there: it only sees to it that somebody takes them later. Undefined when too many follow already.
   */
  follow(onMore: () => void): Follower | undefined
  /**
   * Called with every event, measures as well, inside the noting: for counters, and nothing that takes time. The
   * returned function ends it.
   */
  count(onEvent: (event: NodeEvent) => void): () => void
}
