// A database that an earlier release left behind, opened by this one: nothing is lost, and whoever lives in
// it from now on is somebody new.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import { addressToBytes } from '../../src/core/address.ts'
import { databasePath, openStore } from '../../src/store/open-store.ts'
import { attachment, ip, key } from '../support/samples.ts'

const database = '0123456789abcdef0123456789abcdef'

/** Schema 1 as it was released. */
const schemaOne = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE attachment (
    id INTEGER PRIMARY KEY, network TEXT NOT NULL, container TEXT NOT NULL, ifname TEXT NOT NULL,
    pod_namespace TEXT, pod_name TEXT, pod_uid TEXT, netns TEXT NOT NULL, namespace_id TEXT,
    witness_path TEXT, witness_id TEXT, boot TEXT NOT NULL, began INTEGER NOT NULL,
    demand TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE address (
    address BLOB PRIMARY KEY, prefix INTEGER NOT NULL, pool TEXT NOT NULL, attachment INTEGER,
    position INTEGER NOT NULL, gateway BLOB, routes TEXT NOT NULL, since REAL, boot TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tombstone (
    id INTEGER PRIMARY KEY, network TEXT NOT NULL, container TEXT NOT NULL, ifname TEXT NOT NULL,
    boot TEXT NOT NULL, began INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE cursor (pool TEXT PRIMARY KEY, address BLOB NOT NULL) STRICT, WITHOUT ROWID;
`

/** A state directory after the fifth clean end of a daemon of schema 1. */
function left(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-migration-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, `incarnation-${database}-5-closed`), '')
  const sqlite = new Sqlite(databasePath(directory))
  sqlite.pragma('journal_mode = WAL')
  sqlite.exec(schemaOne)
  const meta = sqlite.prepare('INSERT INTO meta VALUES (?, ?)')
  for (const row of [
    ['incarnation', database],
    ['generation', '5'],
    ['horizon', 'boot-1 77']
  ]) {
    meta.run(...row)
  }
  sqlite
    .prepare('INSERT INTO attachment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(
      ...[7, 'net1', 'c1', 'eth0', 'default', 'pod-c1', 'uid-1'],
      ...['/run/netns/a', '4:/run/netns/a', '/run/netns', '1:1', 'boot-1', 1],
      ...['default pools', 1_700_000_000_000]
    )
  const address = sqlite.prepare('INSERT INTO address VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const { routes } = attachment('c1', ['10.9.0.7']).assignments[0] ?? {}
  const bytes = (text: string) => addressToBytes(ip(text))
  const [v4, v6] = [bytes('10.9.0.1'), bytes('fd00::1')]
  address.run(bytes('fd00::7'), 64, 'blue', 7, 1, v6, JSON.stringify(routes), null, null)
  address.run(bytes('10.9.0.7'), 24, 'blue', 7, 0, v4, JSON.stringify(routes), null, null)
  address.run(bytes('10.9.0.8'), 24, 'blue', null, 0, v4, '[]', 12.5, 'boot-1')
  sqlite
    .prepare('INSERT INTO tombstone VALUES (?, ?, ?, ?, ?, ?)')
    .run(3, 'net1', 'c2', 'eth0', 'boot-1', 99)
  sqlite.prepare('INSERT INTO cursor VALUES (?, ?)').run('blue', bytes('10.9.0.8'))
  sqlite.pragma('user_version = 1')
  sqlite.close()
  return directory
}

t.test('schema 1 keeps its rows and becomes somebody without leases', async t => {
  const directory = left()
  const store = openStore(directory, { boot: 'boot-2' })
  const { leases, ...rest } = store.load()
  t.strictSame(rest, {
    attachments: [attachment('c1', ['10.9.0.7', 'fd00::7'])],
    cooling: [{ address: ip('10.9.0.8'), prefix: 24, pool: 'blue', since: 12.5, boot: 'boot-1' }],
    tombstones: [{ key: key('c2'), began: { boot: 'boot-1', ns: 99n } }],
    horizon: { boot: 'boot-1', ns: 77n },
    cursors: new Map([['blue', ip('10.9.0.8')]])
  })
  const { identity, ...known } = leases
  t.match(identity, { incarnation: /^[0-9a-f]{32}$/, key: /^[0-9a-f]{64}$/ })
  t.match(identity, { opened: 6, boot: 'boot-2' })
  t.not(identity.incarnation, database, 'the name of the database is not that of who lives in it')
  t.strictSame(known, { domains: new Map(), learned: [], filed: [], peers: new Map() })
  store.close()
  t.ok(readdirSync(directory).includes(`incarnation-${database}-6-closed`), 'the same database')
  const again = openStore(directory, { boot: 'boot-3' })
  t.strictSame(again.load().leases.identity, { ...identity, opened: 7 })
  again.close()
})

t.test(
  'a database killed between its migration and its first opening is still the same',
  async t => {
    const directory = left()
    openStore(directory, { boot: 'boot-2' }).close()
    const marker = readdirSync(directory).find(name => name.startsWith('incarnation-')) ?? ''
    rmSync(join(directory, marker))
    writeFileSync(join(directory, `incarnation-${database}-5-closed`), '')
    const sqlite = new Sqlite(databasePath(directory))
    sqlite.exec("DELETE FROM meta WHERE key IN ('incarnation', 'key', 'boot')")
    sqlite.exec("UPDATE meta SET value = '5' WHERE key = 'generation'")
    sqlite.close()
    const store = openStore(directory, { boot: 'boot-2' })
    t.match(store.load().leases.identity, { incarnation: /^[0-9a-f]{32}$/, opened: 6 })
    t.equal(store.load().attachments.length, 1)
    store.close()
  }
)
