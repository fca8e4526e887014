// Requests of a house that was built anew: a donor answers none whose number it has granted before.

import t from 'tap'
import type { Envelope } from '../../src/core/protocol.ts'
import { RequestIds } from '../../src/core/lease/request-ids.ts'
import { key, poolDocument } from '../support/samples.ts'
import { TestCluster } from '../support/test-cluster.ts'

t.test('numbers rise, over openings as well', t => {
  const ids = new RequestIds()
  t.equal(ids.next(1), 2 ** 32 + 1)
  t.equal(ids.next(1), 2 ** 32 + 2)
  t.equal(ids.next(2), 2 * 2 ** 32 + 1)
  t.end()
})

t.test('a house that is built anew goes on counting', async t => {
  const cluster = new TestCluster([poolDocument('blue', '10.9.0.0/24', ['10.9.0.2-10.9.0.250'])])
  const meshOf = cluster.bus.meshOf.bind(cluster.bus)
  const asked: number[] = []
  cluster.bus.meshOf = peer => {
    const mesh = meshOf(peer)
    const send = (to: string, envelope: Envelope) => {
      if (peer === 'peer-2' && envelope.body.type === 'Ask') asked.push(envelope.body.id)
      mesh.send(to, envelope)
    }
    return { ...mesh, send }
  }
  await cluster.start('n1')
  const second = await cluster.start('n2')
  for (let i = 0; i < 30; i += 1) t.type(await second.add(key(`c${i}`)), Array)
  const before = Math.max(...asked)
  const crash = () => {
    throw new Error('a mistake of ours')
  }
  second.house.allocator.tell({ type: 'ListAttachments', replyTo: crash })
  await cluster.until(() => second.log.some(({ message }) => /crashed/.test(message)))
  asked.length = 0
  for (let i = 30; i < 60; i += 1) t.type(await second.add(key(`c${i}`)), Array)
  t.ok(asked.length > 0, 'it has asked')
  t.ok(
    asked.every(id => id > before),
    'under numbers that nobody has seen'
  )
})
