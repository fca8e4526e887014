// The contract over SQLite, and what only a disk can do: be damaged, be empty, be another one.

import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import type { AttachmentStore } from '../../src/ports/attachment-store.ts'
import { databasePath, openStore } from '../../src/store/open-store.ts'
import { lockState } from '../../src/store/state-lock.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.contract.ts'
import { attachment } from '../support/samples.ts'

const directories = new Map<AttachmentStore, string>()

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-store-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function openIn(directory: string): AttachmentStore {
  const store = openStore(directory)
  directories.set(store, directory)
  return store
}

attachmentStoreContract(t, {
  open: () => openIn(temporary()),
  reopen: store => {
    store.close()
    return openIn(directories.get(store) ?? '')
  }
})

function withOneAttachment(): string {
  const directory = temporary()
  const store = openStore(directory)
  store.commit([{ type: 'Attach', attachment: attachment('c1', ['10.9.0.7']) }])
  store.close()
  return directory
}

const corrupt = { code: 'ERR_STORE_CORRUPT' }

t.test(
  'a first commit that fails leaves nothing behind, whether what is stored was read or not',
  async t => {
    const taken = attachment('c3', ['10.9.0.7'])
    const next = attachment('c2', ['10.9.0.8'])
    for (const isRead of [true, false]) {
      const store = openStore(withOneAttachment())
      if (isRead) store.load()
      const changes = [
        { type: 'Attach', attachment: next },
        { type: 'Attach', attachment: taken }
      ] as const
      t.throws(() => store.commit(changes))
      store.commit([{ type: 'Attach', attachment: next }])
      t.equal(store.load().attachments.length, 2)
      store.close()
    }
  }
)

t.test('a database that lost its content is refused, not taken for a new one', async t => {
  const directory = withOneAttachment()
  truncateSync(databasePath(directory), 0)
  t.throws(() => openStore(directory), { ...corrupt, message: /it is empty.*Drain the node/ })
})

t.test('a database that is gone is refused', async t => {
  const directory = withOneAttachment()
  for (const name of readdirSync(directory)) {
    if (name.startsWith('orbweaver.db')) rmSync(join(directory, name))
  }
  t.throws(() => openStore(directory), { ...corrupt, message: /it is gone/ })
})

/** The directory as a kill leaves it: a copy of an open store. */
function killed(): string {
  const directory = withOneAttachment()
  const store = openStore(directory)
  store.commit([{ type: 'Attach', attachment: attachment('c2', ['10.9.0.8']) }])
  const copy = temporary()
  cpSync(directory, copy, { recursive: true })
  store.close()
  return copy
}

t.test('after a kill everything is there', async t => {
  const store = openStore(killed())
  t.equal(store.load().attachments.length, 2)
  store.close()
})

t.test('a lost or emptied write-ahead log is noticed', async t => {
  const lost = killed()
  rmSync(`${databasePath(lost)}-wal`)
  t.throws(() => openStore(lost), { ...corrupt, message: /write-ahead log is gone/ })
  const emptied = killed()
  truncateSync(`${databasePath(emptied)}-wal`, 0)
  t.throws(() => openStore(emptied), corrupt)
})

t.test('an older copy of the database is refused', async t => {
  const directory = withOneAttachment()
  const older = readFileSync(databasePath(directory))
  openStore(directory).close()
  writeFileSync(databasePath(directory), older)
  t.throws(() => openStore(directory), { ...corrupt, message: /an older copy/ })
})

t.test('a database that is removed under us promises nothing more', async t => {
  const directory = withOneAttachment()
  const store = openStore(directory)
  rmSync(databasePath(directory))
  t.throws(() => store.commit([{ type: 'Attach', attachment: attachment('c3', ['10.9.0.9']) }]), {
    code: 'ERR_STORE_FAILED',
    message: /removed under the running daemon/
  })
})

t.test('a lock of somebody else is a refusal and no standstill', async t => {
  const directory = withOneAttachment()
  const store = openStore(directory)
  const other = new Sqlite(databasePath(directory))
  other.exec('BEGIN IMMEDIATE')
  const attach = () =>
    store.commit([{ type: 'Attach', attachment: attachment('c3', ['10.9.0.9']) }])
  t.throws(attach, { code: 'ERR_STORE_FAILED', message: /SQLITE_BUSY/ })
  other.exec('ROLLBACK')
  other.close()
  attach()
  store.close()
})

t.test('the database of another node is refused', async t => {
  const directory = withOneAttachment()
  writeFileSync(databasePath(directory), readFileSync(databasePath(withOneAttachment())))
  t.throws(() => openStore(directory), { ...corrupt, message: /not the one/ })
})

t.test('garbage and a torn file are refused', async t => {
  const garbage = withOneAttachment()
  writeFileSync(databasePath(garbage), Buffer.alloc(8192, 0x5a))
  t.throws(() => openStore(garbage), corrupt)
  const torn = withOneAttachment()
  const bytes = readFileSync(databasePath(torn))
  writeFileSync(databasePath(torn), bytes.subarray(0, bytes.length >> 1))
  t.throws(() => openStore(torn), corrupt)
  const damaged = withOneAttachment()
  writeFileSync(databasePath(damaged), bytes.fill(0xff, 4096, bytes.length))
  t.throws(() => openStore(damaged), corrupt)
})

t.test('a newer schema is refused, saying so', async t => {
  const directory = withOneAttachment()
  const database = new Sqlite(databasePath(directory))
  database.pragma('user_version = 99')
  database.close()
  t.throws(() => openStore(directory), { code: 'ERR_STORE_TOO_NEW', message: /schema 99/ })
})

t.test('commits go to a write-ahead log', async t => {
  const database = new Sqlite(databasePath(withOneAttachment()))
  t.equal(database.pragma('journal_mode', { simple: true }), 'wal')
  database.close()
})

t.test('two daemons never share a state directory', async t => {
  const directory = temporary()
  const lines: string[] = []
  const note = (_fields: object, message: string) => void lines.push(message)
  const log = { debug: note, info: note, warn: note, error: note }
  const lock = lockState(directory, 0, log)
  t.throws(() => lockState(directory, 20, log), {
    code: 'ERR_STATE_LOCKED',
    message: new RegExp(`process ${process.pid}`)
  })
  t.match(lines, ['waiting for another daemon to end'])
  lock.release()
  lockState(directory, 0, log).release()
  t.throws(() => lockState(databasePath(withOneAttachment()), 0, log), {
    code: 'ERR_CONFIG_INVALID',
    message: /stateDir: .* cannot be used/
  })
})
