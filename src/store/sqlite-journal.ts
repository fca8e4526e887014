// CoordinationJournal in a table: an entry is written and read as a whole, and its text is that of whoever wrote it.

import type { Database } from 'better-sqlite3'
import { keyText } from '../core/attachment.ts'
import type {
  CoordinationJournal,
  JournalChange,
  JournalEntry,
  JournalKey,
  JournalRole
} from '../ports/coordination-journal.ts'
import type { RoomyCommit } from './roomy-commit.ts'
import type { RowId } from './row-ids.ts'

interface Row {
  readonly id: RowId
  readonly role: JournalRole
  readonly network: string
  readonly container: string
  readonly ifname: string
  readonly netns: string
  readonly namespace_id: string | null
  readonly witness_path: string | null
  readonly witness_id: string | null
  readonly boot: string
  readonly began: bigint
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
  /** Which row has which key. */
  #ids = new Map<string, RowId>()

  constructor(database: Database, commit: RoomyCommit) {
    database.exec(schema)
    this.#database = database
    this.#commit = commit
    this.#statements = prepare(database)
    this.#together = database.transaction((changes: readonly JournalChange[]) => {
      for (const change of changes) this.#applyOne(change)
    })
    this.#learn()
  }

  load(): readonly JournalEntry[] {
    return this.#statements.all.all().map(entryOf)
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
    try {
      if (first !== undefined && others.length === 0) this.#applyOne(first)
      else this.#together(changes)
    } catch (error) {
      this.#learn()
      throw error
    }
  }

  #applyOne(change: JournalChange): void {
    if (change.type === 'Put') return this.#put(change.entry)
    const text = textOf(change.key)
    const id = this.#ids.get(text)
    if (id !== undefined) this.#statements.drop.run(id)
    this.#ids.delete(text)
  }

  #put(entry: JournalEntry): void {
    const text = textOf(entry.key)
    const id = this.#ids.get(text)
    const content = contentOf(entry)
    if (id !== undefined) this.#statements.replace.run(...content, id)
    else {
      const { role, network, containerId, ifname } = entry.key
      const { lastInsertRowid } = this.#statements.put.run(
        ...[role, network, containerId, ifname, ...content]
      )
      this.#ids.set(text, lastInsertRowid)
    }
  }

  /** From the table, which after a failure is as it was before. */
  #learn(): void {
    this.#ids = new Map(
      this.#statements.all.all().map(row => [textOf(entryOf(row).key), row.id] as const)
    )
  }
}

function prepare(database: Database) {
  return {
    all: database.prepare<[], Row>('SELECT * FROM coordination ORDER BY id').safeIntegers(),
    put: database.prepare(
      `INSERT INTO coordination (role, network, container, ifname, netns, namespace_id, witness_path, witness_id,
         boot, began, journal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    ),
    replace: database.prepare(
      `UPDATE coordination SET netns = ?, namespace_id = ?, witness_path = ?, witness_id = ?, boot = ?, began = ?,
         journal = ? WHERE id = ?`
    ),
    drop: database.prepare<[RowId]>('DELETE FROM coordination WHERE id = ?')
  }
}

function textOf({ role, ...key }: JournalKey): string {
  return `${role} ${keyText(key)}`
}

function contentOf({ sandbox, text }: JournalEntry) {
  const { path, namespace = null, witness, began } = sandbox
  const seen = [path, namespace, witness?.path ?? null, witness?.id ?? null] as const
  return [...seen, began.boot, began.ns, text] as const
}

function entryOf(row: Row): JournalEntry {
  return {
    key: {
      network: row.network,
      containerId: row.container,
      ifname: row.ifname,
      role: row.role
    },
    sandbox: {
      path: row.netns,
      began: { boot: row.boot, ns: row.began },
      ...(row.namespace_id !== null && { namespace: row.namespace_id }),
      ...(row.witness_path !== null &&
        row.witness_id !== null && { witness: { path: row.witness_path, id: row.witness_id } })
    },
    text: row.journal
  }
}
