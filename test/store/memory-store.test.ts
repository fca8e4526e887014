// The contract over memory, and what only a simulated disk can do: be copied while it is in use.

import t from 'tap'
import type { Change } from '../../src/ports/attachment-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { attachmentStoreContract } from '../contracts/attachment-store.contract.ts'
import { run } from '../contracts/lease-changes.contract.ts'
import { attachment, ip, key } from '../support/samples.ts'

attachmentStoreContract(t, {
  open: () => new MemoryStore(),
  reopen: store => {
    if (store instanceof MemoryStore) store.open()
    return store
  }
})

const domain = '10.9.0.0/24'

t.test('a store is whom it is told to be, and loading is no opening', async t => {
  const incarnation = 'a'.repeat(32)
  const store = new MemoryStore({ incarnation, opened: 0, boot: 'boot-3' })
  store.open()
  store.load()
  t.match(store.load().leases.identity, { incarnation, opened: 1, boot: 'boot-3' })
  t.same(new MemoryStore().load(), new MemoryStore().load())
})

t.test('a snapshot is another disk with the same content', async t => {
  const store = new MemoryStore({ opened: 4 })
  const detach = (container: string, address: string): Change => ({
    type: 'Detach',
    key: key(container),
    addresses: [ip(address)],
    since: 5,
    boot: 'boot-1'
  })
  store.commit([
    { type: 'Attach', attachment: attachment('c1', ['10.9.0.1']) },
    { type: 'Attach', attachment: attachment('c2', ['10.9.0.2']) },
    detach('c2', '10.9.0.2'),
    { type: 'Bury', tombstone: { key: key('c2'), began: { boot: 'boot-1', ns: 3n } } },
    { type: 'Unbury', keys: [], horizon: { boot: 'boot-1', ns: 1n } },
    { type: 'MoveCursor', pool: 'blue', address: ip('10.9.0.2') },
    { type: 'PutRuns', domain, removed: [], added: [run('10.9.0.0-10.9.0.9')] },
    { type: 'PutGrant', domain, grant: { wctr: 1, to: 2, id: 3, pool: 'blue', runs: [] } },
    { type: 'LearnRecord', index: 1, record: new Uint8Array([1]) },
    { type: 'FileRecord', index: 1, record: new Uint8Array([2]) },
    { type: 'MeetPeer', incarnation: 'aa', session: { opened: 1, id: '01' } }
  ])
  const backup = store.snapshot()
  const then = store.load()
  t.strictSame(backup.load(), then)
  store.commit([
    detach('c1', '10.9.0.1'),
    { type: 'PutRuns', domain, removed: [ip('10.9.0.0')], added: [] },
    { type: 'Reincarnate', incarnation: 'b'.repeat(32), key: 'c'.repeat(64) }
  ])
  t.strictSame(backup.load(), then)
  const now = store.load()
  backup.commit([
    detach('c1', '10.9.0.1'),
    { type: 'Attach', attachment: attachment('c3', ['10.9.0.1']) },
    { type: 'LearnRecord', index: 2, record: new Uint8Array([3]) }
  ])
  t.throws(() => backup.commit([{ type: 'Attach', attachment: attachment('c4', ['10.9.0.1']) }]))
  t.strictSame(store.load(), now)
})

t.test('an attachment ends with all of its addresses', async t => {
  const store = new MemoryStore()
  store.commit([{ type: 'Attach', attachment: attachment('c1', ['10.9.0.1', '10.9.0.2']) }])
  const addresses = [ip('10.9.0.1')]
  t.throws(() =>
    store.commit([{ type: 'Detach', key: key('c1'), addresses, since: 5, boot: 'boot-1' }])
  )
})
