// How often something took how long, as Prometheus has it: counts below bounds, their sum, and beside that the least, the
// most and the latest value.

import { labelled, type Sample } from './counters.ts'

/** An ADD takes a millisecond, waits seconds for other nodes, and is over after 15. In seconds. */
export const durationBounds = [
  0.000_1, 0.000_2, 0.000_3, 0.000_5, 0.000_75, 0.001, 0.001_5, 0.002, 0.003, 0.005, 0.01, 0.025,
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15
]

/** Spiderpool's, and below them some for an ADD of a millisecond. In seconds. */
export const spiderpoolBounds = [
  0.000_5, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 0.5, 1, 3, 5, 7, 10, 15
]

/** A request of a trace that fell into a bucket. */
interface Exemplar {
  readonly trace: string
  readonly value: number
  /** Milliseconds since 1970. */
  readonly atMs: number
}

export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  /** The latest of each bucket; the last one is beyond all bounds. */
  readonly #exemplars: (Exemplar | undefined)[] = []
  #sum = 0
  #count = 0
  #min = Infinity
  #max = 0
  #latest = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  observe(value: number, traced?: { readonly trace: string; readonly atMs: number }): void {
    this.#sum += value
    this.#count += 1
    this.#latest = value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    const at = this.#bounds.findIndex(bound => value <= bound)
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1
    if (traced !== undefined) {
      this.#exemplars[at < 0 ? this.#bounds.length : at] = { ...traced, value }
    }
  }

  /** All 0 before the first value. */
  get extremes() {
    const average = this.#count === 0 ? 0 : this.#sum / this.#count
    const min = this.#count === 0 ? 0 : this.#min
    return { average, max: this.#max, min, latest: this.#latest }
  }

  samples(labels: Readonly<Record<string, string>> = {}): Sample[] {
    let below = 0
    const buckets = this.#bounds.map((bound, i): Sample => {
      below += this.#counts[i] ?? 0
      return this.#bucket({ ...labels, le: String(bound) }, below, i)
    })
    return [
      ...buckets,
      this.#bucket({ ...labels, le: '+Inf' }, this.#count, this.#bounds.length),
      { labels, value: this.#sum, suffix: '_sum' },
      { labels, value: this.#count, suffix: '_count' }
    ]
  }

  #bucket(labels: Readonly<Record<string, string>>, value: number, at: number): Sample {
    const exemplar = this.#exemplars[at]
    return { labels, value, suffix: '_bucket', ...(exemplar !== undefined && { exemplar }) }
  }
}

/** A histogram for each combination of labels, of which there are few. */
export class Histograms {
  readonly labelNames: readonly string[]
  readonly #bounds: readonly number[]
  readonly #series = new Map<
    string,
    { readonly values: readonly string[]; readonly of: Histogram }
  >()

  constructor(bounds: readonly number[], ...labelNames: readonly string[]) {
    this.#bounds = bounds
    this.labelNames = labelNames
  }

  observe(
    values: readonly string[],
    value: number,
    traced?: Parameters<Histogram['observe']>[1]
  ): void {
    const key = values.join('\0')
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { values, of: new Histogram(this.#bounds) }
      this.#series.set(key, series)
    }
    series.of.observe(value, traced)
  }

  samples(): Sample[] {
    return [...this.#series.values()].flatMap(({ values, of }) =>
      of.samples(labelled(this.labelNames, values))
    )
  }
}
