// Work on one pod comes one after the other, work on different pods side by side.

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Begin when everything of this name that came before has ended, however it ended. */
  async take<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(name) ?? Promise.resolve()
    const own = before.then(work, work)
    this.#last.set(name, own)
    try {
      return await own
    } finally {
      if (this.#last.get(name) === own) this.#last.delete(name)
    }
  }

  /** When all that was begun has ended. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.allSettled(this.#last.values())
  }
}
