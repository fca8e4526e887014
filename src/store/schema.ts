// The numbered steps from an empty file to today's tables. A step that was released never changes.

import type { Database } from 'better-sqlite3'
import { StoreTooNewError } from '../core/errors.ts'

const steps: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- One interface of one container in one network. Moments are nanoseconds of CLOCK_BOOTTIME in a boot.
  -- Keys are random text: an index on them would touch another page for every row of a commit. They are
  -- unique because the store knows every key it holds.
  CREATE TABLE attachment (
    id            INTEGER PRIMARY KEY,
    network       TEXT NOT NULL,
    container     TEXT NOT NULL,
    ifname        TEXT NOT NULL,
    pod_namespace TEXT,
    pod_name      TEXT,
    pod_uid       TEXT,
    netns         TEXT NOT NULL,
    namespace_id  TEXT,
    witness_path  TEXT,
    witness_id    TEXT,
    boot          TEXT NOT NULL,
    began         INTEGER NOT NULL,
    demand        TEXT NOT NULL,
    created_at    INTEGER NOT NULL
  ) STRICT;

  -- An address that is used, or cools down when it has no attachment. In network order, 4 or 16 bytes.
  CREATE TABLE address (
    address    BLOB PRIMARY KEY,
    prefix     INTEGER NOT NULL,
    pool       TEXT NOT NULL,
    attachment INTEGER,
    position   INTEGER NOT NULL,
    gateway    BLOB,
    routes     TEXT NOT NULL,
    since      REAL,
    boot       TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tombstone (
    id        INTEGER PRIMARY KEY,
    network   TEXT NOT NULL,
    container TEXT NOT NULL,
    ifname    TEXT NOT NULL,
    boot      TEXT NOT NULL,
    began     INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE cursor (pool TEXT PRIMARY KEY, address BLOB NOT NULL) STRICT, WITHOUT ROWID;
  `
]

/** Bring the database to today's schema, each step in a transaction of its own. */
export function migrate(database: Database): void {
  const version = database.pragma('user_version', { simple: true }) as number
  if (version > steps.length) {
    throw new StoreTooNewError(
      `the database has schema ${version} and this release knows ${steps.length}; start the newer release again`
    )
  }
  for (const [i, step] of steps.entries()) {
    if (i < version) continue
    database.transaction(() => {
      database.exec(step)
      database.pragma(`user_version = ${i + 1}`)
    })()
  }
}
