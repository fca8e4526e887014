// The highest count of each writer that was ever taken. Its register may have been overwritten since, and the mark
// may lie below it: then this is all that proves that the writer has forgotten it.

import type { MemberIndex, Run } from './register.ts'

export class HeardCounts {
  readonly #counts: Map<MemberIndex, number>

  constructor(counts: ReadonlyMap<MemberIndex, number>) {
    this.#counts = new Map(counts)
  }

  of(writer: MemberIndex): number {
    return this.#counts.get(writer) ?? 0
  }

  /** What these runs add to it. */
  news(runs: readonly Run[]): [MemberIndex, number][] {
    const news = new Map<MemberIndex, number>()
    for (const { register } of runs) {
      const { writer, wctr } = register
      if (wctr > Math.max(this.of(writer), news.get(writer) ?? 0)) news.set(writer, wctr)
    }
    return [...news]
  }

  take(news: readonly (readonly [MemberIndex, number])[]): void {
    for (const [writer, wctr] of news) this.#counts.set(writer, wctr)
  }
}
