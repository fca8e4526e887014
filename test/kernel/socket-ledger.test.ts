// Sockets that outlive the thread that has opened them are known to whoever has to close them.

import t from 'tap'
import { SocketLedger } from '../../src/kernel/socket-ledger.ts'

t.test('what is open is taken once', async t => {
  const ledger = new SocketLedger()
  const inThread = new SocketLedger(ledger.shared)
  for (const fd of [21, 22, 23]) inThread.add(fd)
  inThread.remove(22)
  inThread.remove(99)
  t.same(ledger.takeAll(), [21, 23])
  t.same(ledger.takeAll(), [])
})

t.test('a thread that has threads answers for theirs, until they have ended', async t => {
  const daemon = new SocketLedger()
  const parent = new SocketLedger(daemon.shared)
  parent.add(20)
  const children = [new SocketLedger(undefined, parent), new SocketLedger(undefined, parent)]
  const inside = children.map(
    ({ shared }) => new SocketLedger(shared, new SocketLedger(daemon.shared))
  )
  inside[0]?.add(21)
  inside[1]?.add(22)
  inside[1]?.add(23)
  inside[1]?.remove(23)
  t.same(children[0]?.takeAll(), [21], 'the first one has ended')
  t.same(new Set(daemon.takeAll()), new Set([20, 22]), 'the parent has, with the other one')
})

t.test('more than it has room for is not kept', async t => {
  const ledger = new SocketLedger()
  for (let fd = 1; fd <= 1_000; fd += 1) ledger.add(fd)
  t.ok(ledger.takeAll().length < 1_000)
  ledger.add(7)
  t.same(ledger.takeAll(), [7])
})
