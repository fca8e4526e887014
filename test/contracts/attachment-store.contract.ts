// What every AttachmentStore promises. `reopen` closes a store and opens what is left of it.

import type { Test } from 'tap'
import { keyText } from '../../src/core/attachment.ts'
import type { AttachmentStore, Change } from '../../src/ports/attachment-store.ts'
import { attachment, boot, ip, key, sandbox } from '../support/samples.ts'
import { leaseChangesContract } from './lease-changes.contract.ts'

export interface StoreUnderTest {
  readonly open: () => AttachmentStore
  readonly reopen: (store: AttachmentStore) => AttachmentStore
}

function attach(containerId: string, addresses: readonly string[], began = 1): Change {
  return { type: 'Attach', attachment: attachment(containerId, addresses, began) }
}

function detach(containerId: string, addresses: readonly string[], since = 100): Change {
  return { type: 'Detach', key: key(containerId), addresses: addresses.map(ip), since, boot }
}

export function attachmentStoreContract(t: Test, { open, reopen }: StoreUnderTest): void {
  t.test('an empty store remembers nothing', async t => {
    const { attachments, cooling, tombstones, horizon, cursors } = open().load()
    t.same([attachments, cooling, tombstones, horizon, cursors.size], [[], [], [], undefined, 0])
  })

  t.test('an attachment comes back as it was, with its addresses in their order', async t => {
    const store = open()
    const stored = attachment('c1', ['10.9.0.7', 'fd00::7', '10.9.0.3'], 2 ** 53)
    store.commit([{ type: 'Attach', attachment: stored }])
    t.same(reopen(store).load().attachments, [stored])
  })

  t.test('what is not known of a pod and its namespace stays unknown', async t => {
    const store = open()
    const bare = {
      ...attachment('c1', ['10.9.0.7']),
      pod: {},
      sandbox: { path: '/run/netns/x', began: { boot, ns: 18_446_744_073n } },
      assignments: [{ address: ip('10.9.0.7'), prefix: 24, pool: 'blue', routes: [] }]
    }
    store.commit([{ type: 'Attach', attachment: bare }])
    t.same(reopen(store).load().attachments, [bare])
  })

  t.test('a detached attachment leaves its addresses cooling, oldest first', async t => {
    const store = open()
    store.commit([attach('c1', ['10.9.0.7', 'fd00::7']), attach('c2', ['10.9.0.8'])])
    store.commit([detach('c1', ['10.9.0.7', 'fd00::7'], 200.25)])
    store.commit([detach('c2', ['10.9.0.8'], 100)])
    const { attachments, cooling } = reopen(store).load()
    t.same(attachments, [])
    t.same(
      cooling.map(({ address, since }) => [address, since]),
      [
        [ip('10.9.0.8'), 100],
        [ip('10.9.0.7'), 200.25],
        [ip('fd00::7'), 200.25]
      ]
    )
    t.match(cooling[0], { prefix: 24, pool: 'blue', boot })
  })

  t.test('a cooling address can be used again, and a forgotten one is gone', async t => {
    const store = open()
    store.commit([attach('c1', ['10.9.0.7', '10.9.0.8'])])
    store.commit([detach('c1', ['10.9.0.7', '10.9.0.8'])])
    store.commit([attach('c2', ['10.9.0.7'])])
    const addresses = ['10.9.0.7', '10.9.0.8', '10.9.0.9'].map(ip)
    store.commit([{ type: 'Forget', addresses, until: 99, boot }])
    t.equal(store.load().cooling.length, 1, 'one that was released later stays')
    store.commit([{ type: 'Forget', addresses, until: 100, boot }])
    const { attachments, cooling } = reopen(store).load()
    t.same(
      attachments.map(one => keyText(one.key)),
      ['net1/c2/eth0']
    )
    t.same(attachments[0]?.assignments[0]?.address, ip('10.9.0.7'), 'one in use is not forgotten')
    t.same(cooling, [])
  })

  t.test(
    'one address of two attachments is a mistake, and nothing of the commit stays',
    async t => {
      const store = open()
      store.commit([attach('c1', ['10.9.0.7'])])
      t.throws(() => store.commit([attach('c2', ['10.9.0.8']), attach('c3', ['10.9.0.7'])]))
      t.throws(() => store.commit([attach('c1', ['10.9.0.9'])]), 'one key twice')
      t.same(
        reopen(store)
          .load()
          .attachments.map(one => keyText(one.key)),
        ['net1/c1/eth0']
      )
    }
  )

  t.test('detaching or resettling what is not there is a mistake', async t => {
    const store = open()
    t.throws(() => store.commit([detach('c1', [])]))
    store.commit([attach('c2', ['10.9.0.7'])])
    t.throws(() => store.commit([detach('c2', ['10.9.0.7', '10.9.0.8'])]))
    t.throws(() => store.commit([{ type: 'Resettle', key: key('c1'), sandbox: sandbox(1) }]))
  })

  t.test('an attachment moves to another namespace', async t => {
    const store = open()
    store.commit([attach('c1', ['10.9.0.7'])])
    const moved = sandbox(77, '/run/netns/b', 'boot-2')
    store.commit([{ type: 'Resettle', key: key('c1'), sandbox: moved }])
    t.same(reopen(store).load().attachments[0]?.sandbox, moved)
  })

  t.test('tombstones are kept, moved and dropped, with a horizon for the dropped', async t => {
    const store = open()
    const bury = (id: string, ns: bigint): Change => ({
      type: 'Bury',
      tombstone: { key: key(id), began: { boot, ns } }
    })
    store.commit([bury('c1', 5n), bury('c2', 6n), bury('c1', 2n ** 60n)])
    const again = reopen(store)
    const order = again.load().tombstones.map(({ key }) => key.containerId)
    t.same(order, ['c2', 'c1'], 'the one that moved is the last')
    again.commit([{ type: 'Unbury', keys: [key('c2')], horizon: { boot, ns: 6n } }])
    const { tombstones, horizon } = reopen(again).load()
    t.same(tombstones, [{ key: key('c1'), began: { boot, ns: 2n ** 60n } }])
    t.same(horizon, { boot, ns: 6n })
  })

  t.test('of many moves of a cursor the last one counts', async t => {
    const store = open()
    const move = (pool: string, to: string): Change => ({
      type: 'MoveCursor',
      pool,
      address: ip(to)
    })
    store.commit([move('a', '10.9.0.1'), move('b', 'fd00::1'), move('a', '10.9.0.2')])
    t.same(
      [...reopen(store).load().cursors].sort(([a], [b]) => a.localeCompare(b)),
      [
        ['a', ip('10.9.0.2')],
        ['b', ip('fd00::1')]
      ]
    )
  })

  leaseChangesContract(t, { open, reopen })
}
