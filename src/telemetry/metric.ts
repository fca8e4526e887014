// What a metric is before it is text: documented once, and read when somebody scrapes.

import type { Census } from './census.ts'
import type { Sample } from './counters.ts'
import type { Tally } from './tally.ts'

/** All that is known at the moment of a scrape. */
export interface Scene {
  readonly tally: Tally
  /** Absent while the node has no house, or an actor does not answer. */
  readonly census: Census | undefined
  readonly process: ProcessFigures
}

export interface ProcessFigures {
  readonly release: string
  readonly node: string
  /** Releases that wait in the queue of the plugin; undefined when it cannot be read. */
  readonly queued: number | undefined
  /** Seconds, over the time since the last scrape: by quantile. */
  readonly loopDelays: ReadonlyMap<string, number>
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly heapBytes: number
  /** Seconds since 1970. */
  readonly startedAt: number
}

export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Ends without a full stop; the table in docs/metrics.md has the same. */
  readonly help: string
  /** Without `le`. */
  readonly labels: readonly string[]
  readonly read: (scene: Scene) => readonly Sample[]
}

export function one(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }]
}
