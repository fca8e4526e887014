// CoordinationJournal in a table: an entry is written and read as a whole, and its text is that of whoever wrote it.

import type { Database } from 'better-sqlite3'
import type {
  CoordinationJournal,
  JournalChange,
  JournalEntry,
  JournalRole
} from '../ports/coordination-journal.ts'
import type { RoomyCommit } from './roomy-commit.ts'
import { type RowId, RowIds } from './row-ids.ts'
import { type SandboxColumns, sandboxFromColumns, sandboxToColumns } from './sandbox-columns.ts'

interface Row extends SandboxColumns {
  readonly role: JournalRole
  readonly network: string
  readonly container: string
  readonly ifname: string
  readonly journal: string
}

/** Without an index: keys are random text, and it would touch another page for each entry. */
const schema = `
  CREATE TABLE IF NOT EXISTS coordination (
    id           INTEGER PRIMARY KEY,
    role         TEXT NOT NULL,
    network      TEXT NOT NULL,
    container    TEXT NOT NULL,
    ifname       TEXT NOT NULL,
    netns        TEXT NOT NULL,
    namespace_id TEXT,
    witness_path TEXT,
    witness_id   TEXT,
    boot         TEXT NOT NULL,
    began        INTEGER NOT NULL,
    journal      TEXT NOT NULL
  ) STRICT
`

export class SqliteJournal implements CoordinationJournal {
  readonly #database: Database
  readonly #commit: RoomyCommit
  readonly #statements: ReturnType<typeof prepare>
  readonly #together: (changes: readonly JournalChange[]) => void
  readonly #ids: RowIds

  constructor(database: Database, commit: RoomyCommit) {
    database.exec(schema)
    this.#database = database
    this.#commit = commit
    this.#statements = prepare(database)
    this.#together = database.transaction((changes: readonly JournalChange[]) => {
      for (const change of changes) this.#applyOne(change)
    })
    this.#ids = new RowIds(database, 'coordination')
  }

  load(): readonly JournalEntry[] {
    const rows = this.#statements.all.all()
    this.#ids.learn(rows)
    return rows.map(entryOf)
  }

  commit(changes: readonly JournalChange[]): void {
    const releases = changes.some(({ type }) => type === 'Drop')
    this.#commit(() => this.#apply(changes), releases)
  }

  close(): void {
    this.#database.close()
  }

  /** One statement is a transaction by itself. */
  #apply(changes: readonly JournalChange[]): void {
    const [first, ...others] = changes
    this.#ids.begin()
    try {
      if (first !== undefined && others.length === 0) this.#applyOne(first)
      else this.#together(changes)
    } catch (error) {
      this.#ids.rollback()
      throw error
    }
    this.#ids.commit()
  }

  #applyOne(change: JournalChange): void {
    if (change.type === 'Put') return this.#put(change.entry)
    const id = this.#ids.get(change.key)
    if (id === undefined) return
    this.#statements.drop.run(id)
    this.#ids.delete(change.key)
  }

  #put({ key, sandbox, text: journal }: JournalEntry): void {
    const id = this.#ids.get(key)
    const content = { ...sandboxToColumns(sandbox), journal }
    if (id !== undefined) return void this.#statements.replace.run({ ...content, id })
    const { containerId: container, ...rest } = key
    this.#ids.set(key, this.#statements.put.run({ ...rest, container, ...content }).lastInsertRowid)
  }
}

function prepare(database: Database) {
  return {
    all: database
      .prepare<[], Row & { readonly id: RowId }>('SELECT * FROM coordination ORDER BY id')
      .safeIntegers(),
    put: database.prepare<[Row]>(
      `INSERT INTO coordination (role, network, container, ifname, netns, namespace_id, witness_path, witness_id,
         boot, began, journal)
       VALUES (@role, @network, @container, @ifname, @netns, @namespace_id, @witness_path, @witness_id,
         @boot, @began, @journal)`
    ),
    replace: database.prepare<[SandboxColumns & { readonly id: RowId; readonly journal: string }]>(
      `UPDATE coordination SET netns = @netns, namespace_id = @namespace_id, witness_path = @witness_path,
         witness_id = @witness_id, boot = @boot, began = @began, journal = @journal WHERE id = @id`
    ),
    drop: database.prepare<[RowId]>('DELETE FROM coordination WHERE id = ?')
  }
}

function entryOf(row: Row): JournalEntry {
  const { network, container: containerId, ifname, role, journal: text } = row
  return { key: { network, containerId, ifname, role }, sandbox: sandboxFromColumns(row), text }
}
