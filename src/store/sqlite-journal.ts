// CoordinationJournal in the database of the attachments. Its commits are written and not synchronised: a kernel that
// loses them has lost what they speak of. Nothing of the attachments depends on them, and the next commit of those
// synchronises what lies before it in the log.

import type { Database } from 'better-sqlite3'
import type {
  CoordinationJournal,
  JournalChange,
  JournalEntry,
  JournalKey,
  JournalRole
} from '../ports/coordination-journal.ts'

interface Row {
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

export class SqliteJournal implements CoordinationJournal {
  readonly #statements: ReturnType<typeof prepare>
  readonly #commit: (changes: readonly JournalChange[]) => void

  /** `commit` carries out a transaction as the whole store does, with what it does about failures and full disks. */
  constructor(database: Database, commit: (apply: () => void, releases: boolean) => void) {
    this.#statements = prepare(database)
    const apply = database.transaction((changes: readonly JournalChange[]) => {
      for (const change of changes) this.#applyOne(change)
    })
    this.#commit = changes => {
      const releases = changes.some(({ type }) => type === 'Drop')
      commit(() => unsynchronised(database, () => apply(changes)), releases)
    }
  }

  load(): readonly JournalEntry[] {
    return this.#statements.all.all().map(entryOf)
  }

  commit(changes: readonly JournalChange[]): void {
    this.#commit(changes)
  }

  #applyOne(change: JournalChange): void {
    if (change.type === 'Put') this.#statements.put.run(rowOf(change.entry))
    else this.#statements.drop.run(...partsOf(change.key))
  }
}

/**
 * In WAL mode NORMAL leaves out the synchronisation of a commit, and nothing else (sqlite.org/pragma.html). It counts from
 * when it is compiled, so it cannot be prepared; `exec` takes a tenth of what `pragma` does.
 */
function unsynchronised(database: Database, act: () => void): void {
  database.exec('PRAGMA synchronous = NORMAL')
  try {
    act()
  } finally {
    database.exec('PRAGMA synchronous = FULL')
  }
}

function prepare(database: Database) {
  return {
    all: database.prepare<[], Row>('SELECT * FROM coordination ORDER BY id').safeIntegers(),
    put: database.prepare<[Row]>(
      `INSERT INTO coordination (role, network, container, ifname, netns, namespace_id, witness_path, witness_id,
         boot, began, journal)
       VALUES (@role, @network, @container, @ifname, @netns, @namespace_id, @witness_path, @witness_id,
         @boot, @began, @journal)
       ON CONFLICT (container, ifname, network, role) DO UPDATE SET netns = excluded.netns,
         namespace_id = excluded.namespace_id, witness_path = excluded.witness_path,
         witness_id = excluded.witness_id, boot = excluded.boot, began = excluded.began,
         journal = excluded.journal`
    ),
    drop: database.prepare<[string, string, string, JournalRole]>(
      'DELETE FROM coordination WHERE container = ? AND ifname = ? AND network = ? AND role = ?'
    )
  }
}

function partsOf({ containerId, ifname, network, role }: JournalKey) {
  return [containerId, ifname, network, role] as const
}

function rowOf({ key, sandbox, text }: JournalEntry): Row {
  return {
    role: key.role,
    network: key.network,
    container: key.containerId,
    ifname: key.ifname,
    netns: sandbox.path,
    namespace_id: sandbox.namespace ?? null,
    witness_path: sandbox.witness?.path ?? null,
    witness_id: sandbox.witness?.id ?? null,
    boot: sandbox.began.boot,
    began: sandbox.began.ns,
    journal: text
  }
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
