// Peers that have the key and do wrong: garbage, floods, silence. This process goes on, and so do the others.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import t, { type Test } from 'tap'
import { questionProtocolOf, protocolOf, rumourTopic } from '../../src/mesh/channels.ts'
import { encodeEnvelope } from '../../src/mesh/codec.ts'
import { framed } from '../../src/mesh/frames.ts'
import { makeNode, type Node, type Stream } from '../../src/mesh/libp2p-node.ts'
import { envelopeOf } from './envelopes.ts'
import { clusterKeyOf, pair, startNode, until, type TestNode } from './nodes.ts'

const taken = envelopeOf({ type: 'Taken', domain: '10.0.0.0/24', wctr: 7 })

/** libp2p without Orbweaver, with the key. */
async function startRaw(t: Test): Promise<Node> {
  const node = await makeNode({
    key: randomBytes(32).toString('hex'),
    clusterKey: clusterKeyOf('a'),
    listen: [],
    announce: [],
    mdns: false,
    transport: 'tcp'
  })
  t.teardown(() => node.stop())
  return node
}

async function open(raw: Node, { address }: TestNode, protocol = protocolOf.req): Promise<Stream> {
  return await raw.dialProtocol(multiaddr(address), protocol)
}

/** Two good nodes still talk. */
async function stillTalk(t: Test, a: TestNode, b: TestNode): Promise<void> {
  const before = b.heard.messages.length
  a.mesh.send(b.mesh.peer, taken)
  await until(t, () => b.heard.messages.length > before, 'others still talk')
  t.same(await a.mesh.ask(b.mesh.peer, Buffer.from('?'), 'registry'), Buffer.from('?'))
}

t.test('garbage in frames', async t => {
  const [a, b] = await pair(t)
  const raw = await startRaw(t)
  const good = encodeEnvelope(taken)
  const stream = await open(raw, b)
  for (let i = 0; i < 500; i += 1) {
    const spoilt = Uint8Array.from(good)
    spoilt[i % good.length] = (spoilt[i % good.length] ?? 0) ^ (1 << (i & 7))
    stream.send(framed([randomBytes(i), spoilt, good.subarray(0, i % good.length)]))
  }
  stream.send(framed([good]))
  const peer = raw.peerId.toString()
  await until(t, () => b.heard.messages.some(heard => heard.peer === peer), 'the good one is taken')
  await until(t, () => b.mesh.counts().refused > 900, 'the others are counted')
  t.equal(stream.status, 'open')
  const digest = encodeEnvelope(envelopeOf({ type: 'Digest', domains: [] }))
  const count = b.mesh.counts().refused
  stream.send(framed([digest]))
  await until(t, () => b.mesh.counts().refused > count, 'a message on the wrong channel')
  await stillTalk(t, a, b)
})

t.test('a frame that is too long ends its stream only', async t => {
  const [a, b] = await pair(t)
  const raw = await startRaw(t)
  const [one, other] = [await open(raw, b), await open(raw, b)]
  one.send(Buffer.from('7fffffff00', 'hex'))
  await until(t, () => one.status !== 'open', 'the stream is reset')
  other.send(framed([encodeEnvelope(taken)]))
  await until(t, () => b.heard.messages.length === 1, 'the other goes on')
  await stillTalk(t, a, b)
})

t.test('bytes that are no frames, on every protocol and below', async t => {
  const [a, b] = await pair(t)
  const raw = await startRaw(t)
  for (const protocol of [
    ...Object.values(protocolOf),
    ...Object.values(questionProtocolOf),
    '/meshsub/1.2.0'
  ]) {
    for (let i = 0; i < 5; i += 1) {
      const stream = await open(raw, b, protocol)
      stream.send(randomBytes(2000))
      if (i % 2 === 0) stream.abort(new Error('gone'))
      else await stream.close({ signal: AbortSignal.timeout(1000) }).catch(() => {})
    }
  }
  const port = Number(/\/tcp\/(\d+)/.exec(b.address)?.[1])
  for (let i = 0; i < 20; i += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(randomBytes(200))
    if (i % 2 === 0) setTimeout(() => socket.destroy(), 50)
    else t.teardown(() => socket.destroy())
  }
  await sleep(200)
  await stillTalk(t, a, b)
})

t.test('more streams than a peer may have', async t => {
  const [a, b] = await pair(t)
  const raw = await startRaw(t)
  const streams = await Promise.allSettled(Array.from({ length: 60 }, () => open(raw, b)))
  await until(
    t,
    () => streams.filter(s => s.status === 'fulfilled' && s.value.status === 'open').length <= 8,
    'the others are closed'
  )
  await stillTalk(t, a, b)
})

t.test('a flood is slowed down', async t => {
  const [a, b] = await pair(t)
  const raw = await startRaw(t)
  const stream = await open(raw, b)
  const piece = framed(Array.from({ length: 100 }, () => encodeEnvelope(taken)))
  const done = new AbortController()
  let sent = 0
  const flood = (async () => {
    while (!done.signal.aborted && stream.status === 'open') {
      if (!stream.send(piece)) await stream.onDrain({ signal: AbortSignal.timeout(9000) })
      sent += 100
      await sleep(0)
    }
  })().catch(() => {})
  const began = performance.now()
  const heardOf = () => b.heard.messages.filter(({ peer }) => peer === raw.peerId.toString()).length
  await until(t, () => heardOf() > 4000 && b.mesh.counts().pauses > 0, 'more than a burst is heard')
  await stillTalk(t, a, b)
  const heard = heardOf()
  const seconds = (performance.now() - began) / 1000
  done.abort()
  stream.abort(new Error('done'))
  await flood
  t.ok(heard < 4000 + 2000 * (seconds + 1), `${heard} heard in ${seconds.toFixed(1)} s`)
  t.comment(`${sent} sent, ${heard} heard`)
})

t.test('what is no rumour', async t => {
  const [a, b] = await pair(t)
  const raw = await startRaw(t)
  await raw.dial(multiaddr(b.address))
  const topic = rumourTopic('')
  const rumour = envelopeOf({ type: 'Rumour', n: 1, addresses: [], domains: [] })
  raw.services.pubsub.subscribe(topic)
  for (let i = 0; i < 600 && b.heard.rumours.length === 0; i += 1) {
    for (const bytes of [randomBytes(50), encodeEnvelope(taken)]) {
      await raw.services.pubsub.publish(topic, bytes).catch(() => {})
    }
    await raw.services.pubsub.publish(topic, encodeEnvelope(rumour))
    await sleep(100)
  }
  t.ok(b.heard.rumours.length > 0)
  t.ok(b.heard.rumours.every(({ envelope }) => envelope.body.type === 'Rumour'))
  t.same(b.heard.messages, [])
  await raw.services.pubsub.publish(topic, randomBytes(100_000))
  await raw.services.pubsub.publish(topic, randomBytes(5_000_000)).catch(() => {})
  await sleep(200)
  await stillTalk(t, a, b)
})

t.test('a peer that falls silent, and one that dies', async t => {
  const a = await startNode(t)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'sleeper.ts'), a.address])
  t.teardown(() => child.kill('SIGKILL'))
  await until(t, () => a.heard.reached.length === 1, 'reached')
  child.kill('SIGSTOP')
  await until(t, () => a.heard.reached.length === 2, 'its silence is noticed')
  t.match(a.heard.reached[1], /^-/)
  child.kill('SIGCONT')
  await until(t, () => a.heard.reached.length >= 3, 'it comes back')
  const before = a.heard.reached.length
  child.kill('SIGKILL')
  await until(t, () => a.heard.reached.length > before, 'its death is noticed', 5_000)
  t.match(a.heard.reached.at(-1), /^-/)
})
