// Bytes without sense and far too much of everything, from a peer with the key, against a whole node.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import t, { type Test } from 'tap'
import type { Body, Envelope } from '../../src/core/protocol.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { protocolOf, questionProtocolOf } from '../../src/mesh/channels.ts'
import { encodeEnvelope } from '../../src/mesh/codec.ts'
import { framed } from '../../src/mesh/frames.ts'
import { makeNode, type Node } from '../../src/mesh/libp2p-node.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { someBody } from '../mesh/envelopes.ts'
import { clusterKeyOf, until } from '../mesh/nodes.ts'
import * as fc from '../support/property.ts'
import { domain } from './honest-node.ts'
import { Scene } from './scene.ts'

const yearMs = 365 * 24 * 3_600_000

async function startRaw(t: Test): Promise<Node> {
  const raw = await makeNode({
    ...{ key: randomBytes(32).toString('hex'), clusterKey: clusterKeyOf('a') },
    ...{ listen: [], announce: [], mdns: false, transport: 'tcp' }
  })
  t.teardown(() => raw.stop())
  return raw
}

t.test('fuzzed, cut and oversized frames on every channel', async t => {
  const scene = await Scene.open(t)
  const { target } = scene
  const raw = await startRaw(t)
  const envelope: Envelope = {
    ...{ version: 1, cluster: scene.registry.view.cluster ?? '', registry: 1 },
    from: { incarnation: scene.foe.incarnation, session: scene.foe.session },
    body: { type: 'Taken', domain, wctr: 1 }
  }
  const good = encodeEnvelope(envelope)
  for (const protocol of [...Object.values(protocolOf), ...Object.values(questionProtocolOf)]) {
    const stream = await raw.dialProtocol(multiaddr(target.address), protocol)
    for (let i = 0; i < 300; i += 1) {
      const spoilt = Uint8Array.from(good)
      spoilt[i % good.length] = (spoilt[i % good.length] ?? 0) ^ (1 << (i & 7))
      stream.send(framed([randomBytes(i), spoilt, good.subarray(0, i % good.length)]))
    }
    stream.send(Buffer.from('7fffffff00', 'hex'))
  }
  await scene.unharmed(t)
})

t.test('well-formed messages of every kind with arbitrary contents, in session', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  // A claim about the target's own writes may make it ask; nothing of it is true, so all else goes on.
  const bodies = fc.sample(someBody, 2_000)
  for (const body of bodies) {
    if (body.type === 'Rumour') foe.mesh.publish(envelopeOf(foe, scene, body))
    else foe.say(target, 'domain' in body ? { ...body, domain } : body)
  }
  foe.greet(target)
  await foe.handled(t, target)
  await scene.unharmed(t)
})

function envelopeOf({ incarnation, session }: Scene['foe'], { registry }: Scene, body: Body) {
  const { cluster = '', index } = registry.view
  return { version: 1, cluster, from: { incarnation, session }, registry: index, body }
}

t.test('#945 #917: a flood of questions, greetings and requests', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  const done = new AbortController()
  const flood = (async () => {
    for (let i = 1; !done.signal.aborted; i += 1) {
      foe.say(target, { type: 'Ask', domain, id: i, pool: 'none', demand: 1_000, wish: 1_000 })
      foe.say(target, { type: 'Confirm', domain, nonce: '0'.repeat(16), wctr: 0, runs: [] })
      foe.greet(target)
      foe.say(target, { type: 'Digest', domains: [{ domain, hash: 'f'.repeat(16) }] })
      if (i % 20 === 0) await sleep(5)
    }
  })()
  await sleep(1_000)
  const began = systemClock.monotonicMs()
  t.type(await target.add('meanwhile'), 'bigint')
  t.ok(systemClock.monotonicMs() - began < 5_000, 'an ADD is answered in the midst of it')
  done.abort()
  await flood
  await scene.unharmed(t)
})

t.test('requests without measure get no more than a fair share at once', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  const used = new Set<bigint>(target.used)
  const huge = 1_000_000_000
  foe.say(target, { type: 'Ask', domain, id: 1, pool: 'blue', demand: huge, wish: huge })
  await until(t, () => foe.got(target, 'Grant').length > 0, 'it is a member, so it gets some')
  const given = foe.got(target, 'Grant').flatMap(({ runs }) => runs)
  const count = given.reduce((sum, { start, end }) => sum + (end - start), 0n)
  t.ok(count <= 16n, `${count} addresses`)
  t.notOk(
    given.some(({ start, end }) => [...used].some(at => at >= start && at < end)),
    'none of them has a pod'
  )
  await scene.unharmed(t)
})

t.test('rumours with absurd holdings only misdirect questions', async t => {
  const scene = await Scene.open(t)
  const { foe, third } = scene
  const most = Number.MAX_SAFE_INTEGER
  const holding = { free: most, used: most, cooling: most, waiting: most }
  for (let n = 0; n < 50; n += 1) {
    const domains = [{ domain, hash: 'f'.repeat(16), pools: [{ pool: 'blue', holding }] }]
    const addresses = ['/ip4/127.0.0.1/tcp/1']
    foe.mesh.publish(envelopeOf(foe, scene, { type: 'Rumour', n, addresses, domains }))
  }
  // More than the third can hold ahead of need, so that it has to ask somebody.
  const pods = await Promise.all(Array.from({ length: 20 }, (_, i) => third.add(`pod-${i}`)))
  t.ok(pods.every(pod => typeof pod === 'bigint'))
  await scene.unharmed(t)
})

for (const years of [-30, 30]) {
  t.test(`a wall clock ${years} years off, at the target`, async t => {
    const clock: Clock = { ...systemClock, wallMs: () => Date.now() + years * yearMs }
    const scene = await Scene.open(t, { target: { clock } })
    for (let i = 0; i < 5; i += 1) t.type(await scene.third.add(`pod-${i}`), 'bigint')
    await scene.unharmed(t)
  })
}
