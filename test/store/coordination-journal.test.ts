// The journal of the coordinator, on the disk and in memory.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t from 'tap'
import type { JournalChange, NodeStore } from '../../src/ports/coordination-journal.ts'
import { MemoryJournal } from '../../src/store/memory-journal.ts'
import { databasePath, openStore } from '../../src/store/open-store.ts'
import { migrate } from '../../src/store/schema.ts'
import { SqliteJournal } from '../../src/store/sqlite-journal.ts'
import { coordinationJournalContract } from '../contracts/coordination-journal.contract.ts'
import { attachment, boot, key, sandbox } from '../support/samples.ts'

t.test('in memory', async t => {
  coordinationJournalContract(t, {
    open: () => new MemoryJournal(),
    reopen: journal => journal
  })
})

t.test('in the database of the attachments', async t => {
  const stores = new Map<object, { readonly store: NodeStore; readonly directory: string }>()
  const openIn = (directory: string) => {
    const store = openStore(directory)
    stores.set(store.journal, { store, directory })
    return store.journal
  }
  t.teardown(() => {
    for (const { store, directory } of stores.values()) {
      store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })
  coordinationJournalContract(t, {
    open: () => openIn(mkdtempSync(join(tmpdir(), 'orbweaver-journal-'))),
    reopen: journal => {
      const found = stores.get(journal)
      if (found === undefined) throw new Error('a journal of this test')
      found.store.close()
      stores.delete(journal)
      return openIn(found.directory)
    }
  })
})

t.test('attachments and entries do not know of one another', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-journal-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const store = openStore(directory)
  store.commit([{ type: 'Attach', attachment: attachment('c1', ['10.9.0.1']) }])
  t.same(store.journal.load(), [])
  store.close()
})

const put: JournalChange = {
  ...{
    type: 'Put',
    entry: { key: { ...key('c1'), role: 'coordinator' }, sandbox: sandbox(1), text: '{}' }
  }
}

t.test('an entry outlives a process that is killed right after', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-journal-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const killed = spawnSync(process.execPath, [
    ...['--input-type=module', '--eval'],
    `import { openStore } from '${import.meta.resolve('../../src/store/open-store.ts')}'
     openStore(process.argv[1]).journal.commit([{ type: 'Put', entry: { text: '{}',
       key: { network: 'n', containerId: 'c1', ifname: 'eth0', role: 'coordinator' },
       sandbox: { path: '/run/netns/a', began: { boot: '${boot}', ns: 1n } } } }])
     process.kill(process.pid, 'SIGKILL')`,
    directory
  ])
  t.equal(killed.signal, 'SIGKILL', String(killed.stderr))
  const store = openStore(directory)
  t.match(store.journal.load(), [{ key: { containerId: 'c1' }, text: '{}' }])
  store.close()
})

t.test('only its own commits are left unsynchronised, also when one fails', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-journal-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const said: string[] = []
  const database = new Sqlite(databasePath(directory), { verbose: sql => said.push(String(sql)) })
  migrate(database)
  const journal = new SqliteJournal(database, apply => apply())
  const spoken = (act: () => void) => {
    said.length = 0
    act()
    return said.map(sql => (/^(?:INSERT|DELETE)/.test(sql) ? 'change' : sql))
  }
  const [before, after] = ['PRAGMA synchronous = NORMAL', 'PRAGMA synchronous = FULL']
  t.same(
    spoken(() => journal.commit([put])),
    [before, 'BEGIN', 'change', 'COMMIT', after]
  )
  database.exec(
    "CREATE TRIGGER no AFTER UPDATE ON coordination BEGIN SELECT raise(FAIL, 'no'); END"
  )
  t.same(
    spoken(() => t.throws(() => journal.commit([put]), /no/)),
    [before, 'BEGIN', 'change', 'ROLLBACK', after]
  )
  database.close()
})
