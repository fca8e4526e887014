// Which row has which key, in memory: keys are random text, and an index on the disk would touch another
// page for each row of a commit. Changes count when the transaction they belong to is committed.

import type { Database } from 'better-sqlite3'
import { type AttachmentKey, keyText } from '../core/attachment.ts'
import { assert } from '../core/assert.ts'

export type RowId = number | bigint

interface KeyedRow {
  readonly id: RowId
  readonly network: string
  readonly container: string
  readonly ifname: string
}

export class RowIds {
  readonly #table: 'attachment' | 'tombstone'
  readonly #read: () => Iterable<KeyedRow>
  #committed: Map<string, RowId> | undefined
  /** Undefined: deleted. */
  readonly #pending = new Map<string, RowId | undefined>()

  constructor(database: Database, table: 'attachment' | 'tombstone') {
    this.#table = table
    this.#read = () =>
      database
        .prepare<[], KeyedRow>(`SELECT id, network, container, ifname FROM ${table}`)
        .iterate()
  }

  /** All rows of the table, from whoever reads them anyway. */
  learn(rows: Iterable<KeyedRow>): void {
    if (this.#committed !== undefined) return
    const ids = new Map<string, RowId>()
    for (const { id, network, container: containerId, ifname } of rows) {
      const key = keyText({ network, containerId, ifname })
      assert(!ids.has(key), `table ${this.#table} has one row a key`)
      ids.set(key, id)
    }
    this.#committed = ids
  }

  /** Before a transaction: afterwards the table also shows what may be rolled back. */
  begin(): void {
    if (this.#committed === undefined) this.learn(this.#read())
  }

  get(key: AttachmentKey): RowId | undefined {
    const text = keyText(key)
    return this.#pending.has(text) ? this.#pending.get(text) : this.#ids.get(text)
  }

  set(key: AttachmentKey, id: RowId): void {
    this.#pending.set(keyText(key), id)
  }

  delete(key: AttachmentKey): void {
    this.#pending.set(keyText(key), undefined)
  }

  commit(): void {
    for (const [key, id] of this.#pending) {
      if (id === undefined) this.#ids.delete(key)
      else this.#ids.set(key, id)
    }
    this.#pending.clear()
  }

  rollback(): void {
    this.#pending.clear()
  }

  get #ids(): Map<string, RowId> {
    assert(this.#committed !== undefined, 'row ids are known before a transaction begins')
    return this.#committed
  }
}
