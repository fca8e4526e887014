// Counts by labels, kept as plain numbers: counting is one look into a map. Labels are of few values by design, and where
// a mistake makes them many, what is beyond the limit is counted together.

/** A thousand pools with a reason each are more than anybody reads. */
const seriesMax = 2_000
const beyond = 'other'

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Where it is not the name of its metric: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string
  /** Of a bucket: a request of a trace that fell into it. */
  readonly exemplar?: { readonly trace: string; readonly value: number; readonly atMs: number }
}

interface Series {
  readonly labels: Readonly<Record<string, string>>
  value: number
}

export class Counters {
  readonly labelNames: readonly string[]
  readonly #series = new Map<string, Series>()

  constructor(...labelNames: readonly string[]) {
    this.labelNames = labelNames
  }

  /** One value for each label. */
  add(values: readonly string[], by = 1): void {
    const series = this.#of(values)
    series.value += by
  }

  #of(values: readonly string[]): Series {
    const key = values.join('\0')
    const known = this.#series.get(key)
    if (known !== undefined) return known
    const isBeyond = this.#series.size >= seriesMax && values.some(value => value !== beyond)
    if (isBeyond) return this.#of(values.map(() => beyond))
    const series = { labels: labelled(this.labelNames, values), value: 0 }
    this.#series.set(key, series)
    return series
  }

  /** The sum of the series in which these labels have these values. */
  sum(where: Readonly<Record<string, string>> = {}): number {
    let sum = 0
    for (const { labels, value } of this.#series.values()) {
      if (Object.entries(where).every(([name, wanted]) => labels[name] === wanted)) sum += value
    }
    return sum
  }

  samples(): Sample[] {
    return [...this.#series.values()].map(({ labels, value }) => ({ labels, value }))
  }
}

export function labelled(names: readonly string[], values: readonly string[]) {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))
}
