// Tables in memory that change together or not at all: what a transaction writes lies over the rows until it
// is committed, so that a commit costs what it changes and not what there is.

/** The tables that were written to since the last commit. */
export class MemoryTransaction {
  readonly #written: { commit(): void; rollback(): void }[] = []

  join(table: { commit(): void; rollback(): void }): void {
    this.#written.push(table)
  }

  commit(): void {
    for (const table of this.#written) table.commit()
    this.#written.length = 0
  }

  rollback(): void {
    for (const table of this.#written) table.rollback()
    this.#written.length = 0
  }
}

interface Pending<Row> {
  /** Undefined: deleted. */
  readonly row: Row | undefined
  /** Deleted and written again: its place is the last one now. */
  readonly isMoved: boolean
}

/** Rows are never changed, only replaced: whoever holds one may keep it. */
export class MemoryTable<Key, Row extends NonNullable<unknown>> {
  readonly #transaction: MemoryTransaction
  readonly #rows: Map<Key, Row>
  readonly #pending = new Map<Key, Pending<Row>>()

  constructor(transaction: MemoryTransaction, rows: Iterable<readonly [Key, Row]> = []) {
    this.#transaction = transaction
    this.#rows = new Map(rows)
  }

  /** As the transaction sees it. */
  get(key: Key): Row | undefined {
    const pending = this.#pending.get(key)
    return pending === undefined ? this.#rows.get(key) : pending.row
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined
  }

  set(key: Key, row: Row): void {
    const before = this.#pending.get(key)
    const isMoved = before !== undefined && (before.isMoved || before.row === undefined)
    this.#write(key, { row, isMoved })
  }

  delete(key: Key): void {
    this.#write(key, { row: undefined, isMoved: false })
  }

  clear(): void {
    for (const key of [...this.#rows.keys(), ...this.#pending.keys()]) this.delete(key)
  }

  /** What is committed, in the order in which it came; a copy. */
  rows(): Row[] {
    return [...this.#rows.values()]
  }

  /** What is committed, with its keys; a copy. */
  entries(): Map<Key, Row> {
    return new Map(this.#rows)
  }

  commit(): void {
    for (const [key, { row, isMoved }] of this.#pending) {
      if (row === undefined || isMoved) this.#rows.delete(key)
      if (row !== undefined) this.#rows.set(key, row)
    }
    this.#pending.clear()
  }

  rollback(): void {
    this.#pending.clear()
  }

  #write(key: Key, pending: Pending<Row>): void {
    if (this.#pending.size === 0) this.#transaction.join(this)
    // What comes back comes after what the same transaction has written meanwhile.
    if (this.#pending.get(key)?.row === undefined) this.#pending.delete(key)
    this.#pending.set(key, pending)
  }
}
