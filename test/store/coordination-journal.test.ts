// The journal of the coordinator, on the disk and in memory.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import t, { type Test } from 'tap'
import type { JournalChange } from '../../src/ports/coordination-journal.ts'
import { MemoryJournal } from '../../src/store/memory-journal.ts'
import { hasJournal, journalPath, openJournal } from '../../src/store/open-journal.ts'
import { SqliteJournal } from '../../src/store/sqlite-journal.ts'
import { coordinationJournalContract } from '../contracts/coordination-journal.contract.ts'
import { keptLog } from '../support/link-lan.ts'
import { boot, key, sandbox } from '../support/samples.ts'

t.test('in memory', async t => {
  coordinationJournalContract(t, {
    open: () => new MemoryJournal(),
    reopen: journal => journal
  })
})

t.test('in a database of its own', async t => {
  const directories = new Map<object, string>()
  const openIn = (directory: string) => {
    const journal = openJournal(directory, boot, keptLog())
    directories.set(journal, directory)
    return journal
  }
  coordinationJournalContract(t, {
    open: () => openIn(temporary(t)),
    reopen: journal => {
      const directory = directories.get(journal)
      if (directory === undefined) throw new Error('a journal of this test')
      ;(journal as SqliteJournal).close()
      return openIn(directory)
    }
  })
})

const put: JournalChange = {
  ...{
    type: 'Put',
    entry: { key: { ...key('c1'), role: 'coordinator' }, sandbox: sandbox(1), text: '{}' }
  }
}

function temporary(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-journal-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

t.test('an entry outlives a process that is killed right after', async t => {
  const directory = temporary(t)
  const killed = spawnSync(process.execPath, [
    ...['--input-type=module', '--eval'],
    `import { openJournal } from '${import.meta.resolve('../../src/store/open-journal.ts')}'
     openJournal(process.argv[1], '${boot}').commit([{ type: 'Put', entry: { text: '{}',
       key: { network: 'n', containerId: 'c1', ifname: 'eth0', role: 'coordinator' },
       sandbox: { path: '/run/netns/a', began: { boot: '${boot}', ns: 1n } } } }])
     process.kill(process.pid, 'SIGKILL')`,
    directory
  ])
  t.equal(killed.signal, 'SIGKILL', String(killed.stderr))
  t.ok(hasJournal(directory, boot))
  const journal = openJournal(directory, boot, keptLog())
  t.match(journal.load(), [{ key: { containerId: 'c1' }, text: '{}' }])
  journal.close()
})

t.test('each boot has a file, and those of others go', async t => {
  const directory = temporary(t)
  const first = openJournal(directory, 'boot-1', keptLog())
  first.commit([put])
  first.close()
  t.notOk(hasJournal(directory, 'boot-2'))
  const second = openJournal(directory, 'boot-2', keptLog())
  t.same(second.load(), [])
  second.close()
  t.notOk(hasJournal(directory, 'boot-1'))
  t.same(
    readdirSync(directory).filter(name => name.endsWith('.db')),
    ['coordination-boot-2.db']
  )
})

t.test('one that is damaged is put aside, and said to be', async t => {
  const directory = temporary(t)
  writeFileSync(journalPath(directory, boot), 'x'.repeat(8_192))
  const log = keptLog()
  const journal = openJournal(directory, boot, log)
  journal.commit([put])
  t.same(journal.load(), [put.entry])
  journal.close()
  t.match(log.lines, [/damaged/])
  t.ok(readdirSync(directory).some(name => name.endsWith('.damaged')))
})

t.test('a journal that is removed under the daemon is not written any more', async t => {
  const directory = temporary(t)
  const journal = openJournal(directory, boot, keptLog())
  journal.commit([put])
  rmSync(journalPath(directory, boot))
  t.throws(() => journal.commit([put]), /was removed under the running daemon/)
  journal.close()
})

t.test('what failed is as if it had not been', async t => {
  const directory = temporary(t)
  const database = new Sqlite(join(directory, 'some.db'))
  const journal = new SqliteJournal(database, apply => apply())
  journal.commit([put])
  database.exec(
    "CREATE TRIGGER no AFTER DELETE ON coordination BEGIN SELECT raise(FAIL, 'no'); END"
  )
  const other = { ...put, entry: { ...put.entry, key: { ...put.entry.key, ifname: 'net1' } } }
  t.throws(() => journal.commit([other, { type: 'Drop', key: put.entry.key }]), /no/)
  t.same(journal.load(), [put.entry])
  database.exec('DROP TRIGGER no')
  journal.commit([{ type: 'Put', entry: { ...put.entry, text: '{"again":1}' } }])
  t.same(journal.load(), [{ ...put.entry, text: '{"again":1}' }], 'the same row')
  journal.close()
})
