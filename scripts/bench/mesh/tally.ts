// What a simulated cluster has said, by kind of message.

export interface Said {
  readonly count: number
  /** As the codec wrote them, without any frame around. */
  readonly bytes: number
}

export class Tally {
  readonly #said = new Map<string, { count: number; bytes: number }>()

  add(type: string, bytes: number): void {
    const said = this.#said.get(type) ?? { count: 0, bytes: 0 }
    said.count += 1
    said.bytes += bytes
    this.#said.set(type, said)
  }

  of(type: string): Said {
    return this.#said.get(type) ?? { count: 0, bytes: 0 }
  }

  entries(): Record<string, Said> {
    return Object.fromEntries(this.#said)
  }

  clear(): void {
    this.#said.clear()
  }
}
