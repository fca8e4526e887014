// Reads a histogram from the Prometheus text format, and what came to it between two readings.

export interface Histogram {
  /** Upper bounds in seconds, rising; the last is infinite. */
  readonly bounds: readonly number[]
  /** How many were at most so long. */
  readonly counts: readonly number[]
}

/** The sum of all series of the histogram that have these labels, in whatever order they come. */
export function readHistogram(text: string, name: string, labels: readonly string[]): Histogram {
  const sums = new Map<number, number>()
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${name}_bucket{`) || !labels.every(one => line.includes(one))) continue
    const [, le = ''] = /le="([^"]+)"/.exec(line) ?? []
    const bound = le === '+Inf' ? Infinity : Number(le)
    const count = Number(line.slice(line.lastIndexOf(' ') + 1))
    sums.set(bound, (sums.get(bound) ?? 0) + count)
  }
  const bounds = [...sums.keys()].sort((a, b) => a - b)
  return { bounds, counts: bounds.map(bound => sums.get(bound) ?? 0) }
}

/** What came since; everything when the counter began anew. */
export function since(now: Histogram, before: Histogram | undefined): Histogram {
  const last = (one: Histogram | undefined) => one?.counts.at(-1) ?? 0
  if (
    before === undefined ||
    before.bounds.length !== now.bounds.length ||
    last(now) < last(before)
  ) {
    return now
  }
  return { ...now, counts: now.counts.map((count, i) => count - (before.counts[i] ?? 0)) }
}

export function totalOf({ counts }: Histogram): number {
  return counts.at(-1) ?? 0
}

/** In seconds, as evenly spread within its bucket; undefined of nothing. */
export function quantile({ bounds, counts }: Histogram, share: number): number | undefined {
  const wanted = share * (counts.at(-1) ?? 0)
  if (wanted === 0) return undefined
  const at = counts.findIndex(count => count >= wanted)
  const [low, high] = [bounds[at - 1] ?? 0, bounds[at] ?? 0]
  if (high === Infinity) return low
  const [below, within] = [counts[at - 1] ?? 0, (counts[at] ?? 0) - (counts[at - 1] ?? 0)]
  return within === 0 ? high : low + ((wanted - below) / within) * (high - low)
}
