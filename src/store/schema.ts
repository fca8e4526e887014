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
  `,
  `
  -- Until now the incarnation was that of the database. From now on several can follow one another in it, and
  -- the database has a name of its own: the one that its marker file knows already.
  UPDATE meta SET key = 'database' WHERE key = 'incarnation';

  -- Custody, by domain. Addresses are in network order, 4 or 16 bytes; first and last are both included.
  CREATE TABLE run (
    domain TEXT NOT NULL,
    first  BLOB NOT NULL,
    last   BLOB NOT NULL,
    fence  INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    owner  INTEGER NOT NULL,
    writer INTEGER NOT NULL,
    wctr   INTEGER NOT NULL,
    tail   TEXT NOT NULL,
    PRIMARY KEY (domain, first)
  ) STRICT, WITHOUT ROWID;

  -- Up to which count of a writer everything is known.
  CREATE TABLE mark (
    domain TEXT NOT NULL,
    member INTEGER NOT NULL,
    wctr   INTEGER NOT NULL,
    PRIMARY KEY (domain, member)
  ) STRICT, WITHOUT ROWID;

  -- The highest count of a writer that was ever taken: its register may have been overwritten since.
  CREATE TABLE heard (
    domain TEXT NOT NULL,
    member INTEGER NOT NULL,
    wctr   INTEGER NOT NULL,
    PRIMARY KEY (domain, member)
  ) STRICT, WITHOUT ROWID;

  -- Grants that were given and perhaps not taken yet, and what is in them.
  CREATE TABLE open_grant (
    domain TEXT NOT NULL,
    wctr   INTEGER NOT NULL,
    member INTEGER NOT NULL,
    id     INTEGER NOT NULL,
    pool   TEXT NOT NULL,
    PRIMARY KEY (domain, wctr)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE granted_run (
    domain     TEXT NOT NULL,
    grant_wctr INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    first      BLOB NOT NULL,
    last       BLOB NOT NULL,
    fence      INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    owner      INTEGER NOT NULL,
    writer     INTEGER NOT NULL,
    wctr       INTEGER NOT NULL,
    tail       TEXT NOT NULL,
    PRIMARY KEY (domain, grant_wctr, position)
  ) STRICT, WITHOUT ROWID;

  -- The highest request of a member that was granted.
  CREATE TABLE asked (
    domain TEXT NOT NULL,
    member INTEGER NOT NULL,
    id     INTEGER NOT NULL,
    PRIMARY KEY (domain, member)
  ) STRICT, WITHOUT ROWID;

  -- Two claims of one key: registers as JSON arrays of fence, seq, owner, writer, wctr and tail.
  CREATE TABLE contest (
    id        INTEGER PRIMARY KEY,
    domain    TEXT NOT NULL,
    address   BLOB NOT NULL,
    preferred TEXT NOT NULL,
    other     TEXT NOT NULL,
    UNIQUE (domain, address, preferred, other)
  ) STRICT;

  -- The records of the registry, numbered from 1: this node's copy, and the original where it is kept.
  CREATE TABLE learned (id INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;
  CREATE TABLE filed (id INTEGER PRIMARY KEY, record BLOB NOT NULL) STRICT;

  -- The latest session of each incarnation that was met.
  CREATE TABLE peer (
    incarnation TEXT PRIMARY KEY,
    opened      INTEGER NOT NULL,
    id          TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Between two releases the coordinator's journal was a table here.
  'DROP TABLE IF EXISTS coordination'
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
