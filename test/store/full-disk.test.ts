// A disk that is full: releases and custody get through on what was put aside for them, new pods do not.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import t from 'tap'
import type { Change } from '../../src/ports/attachment-store.ts'
import { Ballast } from '../../src/store/ballast.ts'
import { databasePath, openStore } from '../../src/store/open-store.ts'
import { roomyCommit } from '../../src/store/roomy-commit.ts'
import { SqliteJournal } from '../../src/store/sqlite-journal.ts'
import { SqliteStore } from '../../src/store/sqlite-store.ts'
import { attachment, ip, key, sandbox } from '../support/samples.ts'

const big = 'f'.repeat(100_000)
const peer: Change = { type: 'MeetPeer', incarnation: big, session: { opened: 1, id: '01' } }
const bury: Change = {
  type: 'Bury',
  tombstone: { key: key(big), began: { boot: 'boot-1', ns: 1n } }
}
const attach: Change = { type: 'Attach', attachment: attachment(big, ['10.9.0.8']) }
const cursor: Change = { type: 'MoveCursor', pool: big, address: ip('10.9.0.8') }

/** A store whose database cannot grow until the ballast is dropped. */
function full() {
  const directory = temporary()
  openStore(directory).close()
  const database = new Sqlite(databasePath(directory))
  t.teardown(() => database.close())
  const { ballast, dropped } = fill(database, directory)
  return { store: new SqliteStore(database, ballast, () => {}), dropped }
}

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-full-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function fill(database: Database, directory: string) {
  const pages = database.pragma('page_count', { simple: true }) as number
  database.pragma(`max_page_count = ${pages}`)
  const dropped: string[] = []
  class Room extends Ballast {
    override drop(): boolean {
      dropped.push('dropped')
      database.pragma(`max_page_count = ${pages + 1000}`)
      return dropped.length === 1
    }
  }
  return { ballast: new Room(directory), dropped }
}

t.test('releases and custody take the room that was put aside', async t => {
  for (const changes of [[peer], [bury], [peer, bury, cursor]]) {
    const { store, dropped } = full()
    store.commit(changes)
    t.equal(dropped.length, 1)
  }
})

t.test('a commit with a new pod never does', async t => {
  for (const changes of [[attach], [attach, peer], [bury, attach, cursor]]) {
    const { store, dropped } = full()
    t.throws(() => store.commit(changes), { code: 'ERR_STORE_FULL' })
    t.same([dropped, store.load().attachments, store.load().leases.peers.size], [[], [], 0])
  }
})

t.test(
  'what the coordinator takes back is written down as a whole, and new pods are not',
  async t => {
    const directory = temporary()
    const path = join(directory, 'journal.db')
    const entry = (containerId: string, text: string) =>
      ({
        type: 'Put',
        entry: { key: { ...key(containerId), role: 'coordinator' }, sandbox: sandbox(1), text }
      }) as const
    const [own, heir] = [entry('c1', '{}'), entry('c2', big)]
    const before = new Sqlite(path)
    new SqliteJournal(before, apply => apply()).commit([own])
    before.close()
    const database = new Sqlite(path)
    const { ballast, dropped } = fill(database, directory)
    const journal = new SqliteJournal(database, roomyCommit(database, ballast))
    t.throws(() => journal.commit([heir]), { code: 'ERR_STORE_FULL' })
    t.same([dropped, journal.load()], [[], [own.entry]])
    journal.commit([heir, { type: 'Drop', key: own.entry.key }])
    t.same([dropped.length, journal.load()], [1, [heir.entry]])
    journal.close()
  }
)
