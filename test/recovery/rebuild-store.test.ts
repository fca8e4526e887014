// A database that takes the place of a lost one: whole or not at all, and what was there stays aside.

import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Change } from '../../src/ports/attachment-store.ts'
import { databasePath, openStore } from '../../src/store/open-store.ts'
import { hasState, rebuildStore } from '../../src/store/rebuild-store.ts'
import { attachment } from '../support/samples.ts'

const boot = 'boot-1'
const corrupt = { code: 'ERR_STORE_CORRUPT' }
const attach = (id: string, address: string): Change => {
  return { type: 'Attach', attachment: attachment(id, [address]) }
}

function temporary(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-rebuild-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

t.test('in the place of a damaged one', async t => {
  const directory = temporary(t)
  t.notOk(hasState(directory))
  const before = openStore(directory, { boot })
  const old = before.load().leases.identity
  before.commit([attach('old', '10.9.0.7')])
  before.close()
  t.ok(hasState(directory))
  writeFileSync(databasePath(directory), 'garbage')
  t.throws(() => openStore(directory), corrupt)
  writeFileSync(`${databasePath(directory)}-wal`, 'log')
  const { store, aside } = rebuildStore(directory, boot, [attach('new', '10.9.0.8')])
  const state = store.load()
  t.same(
    state.attachments.map(({ key }) => key.containerId),
    ['new']
  )
  t.not(state.leases.identity.incarnation, old.incarnation)
  t.equal(state.leases.identity.boot, boot)
  t.equal(aside, `${databasePath(directory)}.lost-1`)
  t.equal(readFileSync(`${aside}`, 'utf8'), 'garbage')
  t.equal(readFileSync(`${aside}-wal`, 'utf8'), 'log')
  store.close()
  const again = openStore(directory, { boot })
  t.equal(again.load().attachments.length, 1, 'it opens like any other')
  again.close()
  t.equal(readdirSync(directory).filter(name => name.startsWith('incarnation-')).length, 1)
})

t.test('in an empty place', async t => {
  const directory = temporary(t)
  const { store, aside } = rebuildStore(directory, boot, [attach('new', '10.9.0.8')])
  t.equal(aside, undefined)
  t.equal(store.load().attachments.length, 1)
  store.close()
  openStore(directory, { boot }).close()
})

t.test('before everything is in its place the old one counts as lost', async t => {
  const directory = temporary(t)
  openStore(directory, { boot }).close()
  const other = temporary(t)
  openStore(other, { boot }).close()
  rmSync(databasePath(directory))
  t.throws(() => openStore(directory), { ...corrupt, message: /it is gone/ }, 'put aside')
  copyFileSync(databasePath(other), databasePath(directory))
  t.throws(() => openStore(directory), { ...corrupt, message: /not the one/ }, 'no marker yet')
  const { store } = rebuildStore(directory, boot, [attach('new', '10.9.0.8')])
  t.equal(store.load().attachments.length, 1, 'and the next try goes through')
  store.close()
})

t.test('copies are bounded', async t => {
  const directory = temporary(t)
  for (let i = 0; i < 11; i += 1) {
    rebuildStore(directory, boot, [attach(`pod-${i}`, '10.9.0.8')]).store.close()
  }
  const copies = readdirSync(directory).filter(name => /\.lost-\d+$/.test(name))
  t.equal(copies.length, 8)
})

t.test('what cannot be built changes nothing', async t => {
  const directory = temporary(t)
  const before = openStore(directory, { boot })
  before.commit([attach('old', '10.9.0.7')])
  before.close()
  const twice = [attach('a', '10.9.0.8'), attach('b', '10.9.0.8')]
  t.throws(() => rebuildStore(directory, boot, twice), { code: 'ERR_ASSERTION' })
  const store = openStore(directory, { boot })
  t.equal(store.load().attachments.length, 1)
  store.close()
})
