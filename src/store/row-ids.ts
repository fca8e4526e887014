// Which row has which key, in memory: keys are random text, and an index on the disk would touch another
// page for each row of a commit. Changes count when the transaction they belong to is committed.

import type { Database } from 'better-sqlite3'
import { type AttachmentKey, keyText } from '../core/attachment.ts'
import { assert } from '../core/assert.ts'

export type RowId = number | bigint

export class RowIds {
  readonly #committed = new Map<string, RowId>()
  /** Undefined: deleted. */
  readonly #pending = new Map<string, RowId | undefined>()

  constructor(database: Database, table: 'attachment' | 'tombstone') {
    type Row = { id: number; network: string; container: string; ifname: string }
    const rows = database.prepare<[], Row>(`SELECT id, network, container, ifname FROM ${table}`)
    for (const { id, network, container: containerId, ifname } of rows.iterate()) {
      const key = keyText({ network, containerId, ifname })
      assert(!this.#committed.has(key), `table ${table} has one row a key`)
      this.#committed.set(key, id)
    }
  }

  get(key: AttachmentKey): RowId | undefined {
    const text = keyText(key)
    return this.#pending.has(text) ? this.#pending.get(text) : this.#committed.get(text)
  }

  set(key: AttachmentKey, id: RowId): void {
    this.#pending.set(keyText(key), id)
  }

  delete(key: AttachmentKey): void {
    this.#pending.set(keyText(key), undefined)
  }

  commit(): void {
    for (const [key, id] of this.#pending) {
      if (id === undefined) this.#committed.delete(key)
      else this.#committed.set(key, id)
    }
    this.#pending.clear()
  }

  rollback(): void {
    this.#pending.clear()
  }
}
