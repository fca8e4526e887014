// Order statistics: nothing here is spoilt by a few values that the machine was busy for.

/** The value that this share of all is not above. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('there is nothing to take a percentile of')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The same values in an order of chance. */
export function shuffled<Value>(values: readonly Value[]): Value[] {
  return values
    .map(value => ({ value, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value)
}
