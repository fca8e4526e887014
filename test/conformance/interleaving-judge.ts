// Who was told which address: kept from the answers of the plugin alone, so that it may contradict the
// daemon. Times are those of this process, and every claim is made where it cannot be too early.

export class Judge {
  /** Told and not yet given back: by key, the addresses. */
  readonly #live = new Map<string, readonly string[]>()
  readonly #owner = new Map<string, string>()
  /** Deleted with success, and not asked for since. */
  readonly #released = new Set<string>()
  readonly #faults: string[] = []
  readonly #each: number

  /** `each`: how many addresses an attachment must be told, never fewer and never more. */
  constructor(each: number) {
    this.#each = each
  }

  get live(): ReadonlyMap<string, readonly string[]> {
    return this.#live
  }

  get faults(): readonly string[] {
    return this.#faults
  }

  /** An ADD has succeeded and said these addresses. */
  told(key: string, addresses: readonly string[]): void {
    const before = this.#live.get(key)
    if (before !== undefined && before.join() !== addresses.join()) {
      this.#faults.push(`${key} had ${before.join()} and was told ${addresses.join()}`)
    }
    if (addresses.length !== this.#each) this.#faults.push(`${key} was told ${addresses.join()}`)
    this.givesBack(key)
    for (const address of addresses) {
      const owner = this.#owner.get(address)
      if (owner !== undefined)
        this.#faults.push(`${address} was told to ${key}, but ${owner} has it`)
      this.#owner.set(address, key)
    }
    this.#live.set(key, addresses)
  }

  /** An ADD begins: whatever it says, from now on the key may have something. */
  asks(key: string): void {
    this.#released.delete(key)
  }

  /** A DEL has succeeded; if nobody was there to do it, it was kept. */
  released(key: string): void {
    this.#released.add(key)
  }

  /** From the start of a DEL, or of a GC that does not keep it, its addresses may go to anybody. */
  givesBack(key: string): void {
    for (const address of this.#live.get(key) ?? []) {
      if (this.#owner.get(address) === key) this.#owner.delete(address)
    }
    this.#live.delete(key)
  }

  /** What a daemon at rest holds: everything that was told, and nothing that was deleted. */
  compare(held: ReadonlyMap<string, readonly string[]>): void {
    for (const [key, addresses] of this.#live) {
      const there = held.get(key)?.join() ?? 'nothing'
      if (there !== addresses.join()) {
        this.#faults.push(`${key} was told ${addresses.join()}, and the daemon has ${there}`)
      }
    }
    for (const key of this.#released) {
      if (held.has(key)) this.#faults.push(`${key} was deleted, and the daemon has it`)
    }
  }

  fault(text: string): void {
    this.#faults.push(text)
  }
}
