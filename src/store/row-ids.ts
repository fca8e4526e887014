// Which row has which key, in memory: keys are random text, and an index on the disk would touch another
// page for each row of a commit. Changes count when the transaction they belong to is committed.

import type { Database } from 'better-sqlite3'
import { type AttachmentKey, keyText } from '../core/attachment.ts'
import { assert } from '../core/assert.ts'

export type RowId = number | bigint

/** `role`: where one attachment has a row for each. */
interface KeyedRow {
  readonly id: RowId
  readonly network: string
  readonly container: string
  readonly ifname: string
  readonly role?: string
}

type RowKey = AttachmentKey & { readonly role?: string }

export class RowIds {
  readonly #table: string
  readonly #read: () => Iterable<KeyedRow>
  #committed: Map<string, RowId> | undefined
  /** Undefined: deleted. */
  readonly #pending = new Map<string, RowId | undefined>()

  constructor(database: Database, table: 'attachment' | 'tombstone' | 'coordination') {
    this.#table = table
    const role = table === 'coordination' ? ', role' : ''
    this.#read = () =>
      database
        .prepare<[], KeyedRow>(`SELECT id, network, container, ifname${role} FROM ${table}`)
        .iterate()
  }

  /** All rows of the table, from whoever reads them anyway. */
  learn(rows: Iterable<KeyedRow>): void {
    if (this.#committed !== undefined) return
    const ids = new Map<string, RowId>()
    for (const { id, container: containerId, ...row } of rows) {
      const key = textOf({ ...row, containerId })
      assert(!ids.has(key), `table ${this.#table} has one row a key`)
      ids.set(key, id)
    }
    this.#committed = ids
  }

  /** Before a transaction: afterwards the table also shows what may be rolled back. */
  begin(): void {
    if (this.#committed === undefined) this.learn(this.#read())
  }

  get(key: RowKey): RowId | undefined {
    const text = textOf(key)
    return this.#pending.has(text) ? this.#pending.get(text) : this.#ids.get(text)
  }

  set(key: RowKey, id: RowId): void {
    this.#pending.set(textOf(key), id)
  }

  delete(key: RowKey): void {
    this.#pending.set(textOf(key), undefined)
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

function textOf({ role = '', ...key }: RowKey): string {
  return `${role} ${keyText(key)}`
}
