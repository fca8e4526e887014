// What a class of histories has exercised, by counters with names. Faults that never meet show nothing, so a
// counter at zero counts as a failure of its own.

export class Coverage {
  readonly #counts = new Map<string, number>()

  count(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times)
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  entries(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  add(entries: Readonly<Record<string, number>>): void {
    for (const [what, times] of Object.entries(entries)) this.count(what, times)
  }

  /** Which of these were never counted. */
  missing(expected: readonly string[]): string[] {
    return expected.filter(what => this.of(what) === 0)
  }
}
