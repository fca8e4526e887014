// Nodes in one process over TCP: messages, questions, rumours, and who is reachable.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { toAddress } from '../../src/core/address.ts'
import type { Body } from '../../src/core/protocol.ts'
import type { Run } from '../../src/core/lease/register.ts'
import { envelopeOf } from './envelopes.ts'
import { createMesh } from '../../src/mesh/create-mesh.ts'
import { clusterKeyOf, Listener, optionsOf, pair, startNode, until } from './nodes.ts'

const taken: Body = { type: 'Taken', domain: '10.0.0.0/24', wctr: 7 }
const digest: Body = { type: 'Digest', domains: [] }
const collect: Body = { type: 'Collect', domain: 'd', nonce: '0102', round: 3 }
const rumour: Body = { type: 'Rumour', n: 1, addresses: [], domains: [] }

t.test('messages both ways on every channel', async t => {
  const [a, b] = await pair(t)
  for (const body of [taken, digest, collect]) {
    a.mesh.send(b.mesh.peer, envelopeOf(body))
    b.mesh.send(a.mesh.peer, envelopeOf(body))
  }
  await until(t, () => a.heard.messages.length === 3 && b.heard.messages.length === 3, 'all came')
  t.ok(b.heard.messages.every(({ peer }) => peer === a.mesh.peer))
  const types = b.heard.messages.map(({ envelope }) => envelope.body.type)
  t.same(types.sort(), ['Collect', 'Digest', 'Taken'])
  t.same(a.heard.reached, [`+${b.mesh.peer}`])
})

t.test('a message of nearly a frame', async t => {
  const [a, b] = await pair(t)
  const runs = Array.from({ length: 4096 }, (_, i): Run => {
    const start = toAddress((0xfdn << 120n) + BigInt(i) * 4n)
    const register = { fence: 1, seq: 2, owner: 3, writer: 4, wctr: i, tail: 'ab'.repeat(190) }
    return { start, end: start + 1n, register }
  })
  const sent = envelopeOf({ type: 'Delta', domain: 'd', runs, raise: [], contests: [] })
  for (let i = 0; i < 3; i += 1) a.mesh.send(b.mesh.peer, sent)
  await until(t, () => b.heard.messages.length === 3, 'all came')
  t.strictSame(b.heard.messages[2]?.envelope, sent)
})

t.test('a peer that was learned is dialled, and a message waits for it', async t => {
  const [a, b] = [await startNode(t), await startNode(t)]
  a.mesh.learn([{ incarnation: '', peer: b.mesh.peer, addresses: [b.address] }])
  a.mesh.send(b.mesh.peer, envelopeOf(taken))
  await until(t, () => b.heard.messages.length === 1, 'it came')
  a.mesh.send('12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN', envelopeOf(taken))
  a.mesh.send('no peer id', envelopeOf(taken))
  a.mesh.learn([{ incarnation: '', peer: 'no peer id', addresses: ['no address'] }])
  a.mesh.learn([{ incarnation: '', peer: a.mesh.peer, addresses: [a.address] }])
  await sleep(300)
  t.pass('nothing comes of it')
})

t.test('a peer comes back with the same identity', async t => {
  const key = randomBytes(32).toString('hex')
  const a = await startNode(t)
  const first = await startNode(t, { key, peers: [a.address] })
  const { peer } = first.mesh
  await until(t, () => a.heard.reached.length === 1, 'connected')
  a.mesh.send(peer, envelopeOf(taken))
  await until(t, () => first.heard.messages.length === 1, 'the first life hears')
  await first.mesh.stop()
  await until(t, () => a.heard.reached.length === 2, 'gone')
  const second = await startNode(t, { key, peers: [a.address], listen: [first.address] })
  await until(t, () => a.heard.reached.length === 3, 'back')
  a.mesh.send(peer, envelopeOf(taken))
  second.mesh.send(a.mesh.peer, envelopeOf(taken))
  await until(t, () => second.heard.messages.length === 1, 'the second life hears')
  await until(t, () => a.heard.messages.length === 1, 'and speaks')
  t.same(a.heard.reached, [`+${peer}`, `-${peer}`, `+${peer}`])
})

t.test('a peer that is not there yet is tried again, also by its configured address', async t => {
  const early = await startNode(t)
  await early.mesh.stop()
  const a = await startNode(t, { peers: [early.address, '/dns4/no-such-host.invalid/tcp/1'] })
  await sleep(300)
  const late = await startNode(t, { listen: [early.address] })
  await until(t, () => a.heard.reached.includes(`+${late.mesh.peer}`), 'found')
})

t.test('a learned peer that is not there yet is tried again', async t => {
  const key = randomBytes(32).toString('hex')
  const early = await startNode(t, { key })
  await early.mesh.stop()
  const a = await startNode(t)
  a.mesh.learn([{ incarnation: '', peer: early.mesh.peer, addresses: [early.address] }])
  await sleep(1500)
  await startNode(t, { key, listen: [early.address] })
  await until(t, () => a.heard.reached.includes(`+${early.mesh.peer}`), 'found')
})

t.test('another listener takes the place of the first', async t => {
  const [a, b] = await pair(t)
  const second = new Listener()
  b.mesh.listen(second)
  t.same(second.reached, [`+${a.mesh.peer}`], 'and hears who is there')
  for (const body of [taken, digest, collect]) a.mesh.send(b.mesh.peer, envelopeOf(body))
  await until(t, () => second.messages.length === 3, 'it hears')
  const question = Uint8Array.of(1)
  second.answer = async () => Uint8Array.of(2)
  t.same(await a.mesh.ask(b.mesh.peer, question, 'registry'), Uint8Array.of(2), 'it answers')
  t.same(b.heard.messages, [], 'and the first one hears no more')
})

t.test('a cluster that is known before anybody listens is kept', async t => {
  const a = await createMesh(optionsOf())
  t.teardown(() => a.stop())
  a.setCluster('c1')
  a.listen(new Listener())
  const c = await startNode(t, { peers: [a.addresses()[0] ?? ''] })
  c.mesh.setCluster('c1')
  await until(t, () => c.heard.reached.length === 1, 'connected')
  for (let i = 0; i < 600 && c.heard.rumours.length === 0; i += 1) {
    a.publish(envelopeOf(rumour))
    await sleep(100)
  }
  t.ok(c.heard.rumours.length > 0, 'its rumours reach the cluster')
})

t.test('many start at once', async t => {
  const nodes = await Promise.all(Array.from({ length: 12 }, () => startNode(t)))
  const known = nodes.map(({ mesh, address }) => ({
    incarnation: '',
    peer: mesh.peer,
    addresses: [address]
  }))
  for (const { mesh } of nodes) mesh.learn(known)
  const all = () => nodes.every(({ heard }) => heard.reached.length === 11)
  await until(t, all, 'everybody has everybody')
})

t.test('this node among its own peers', async t => {
  const a = await startNode(t)
  await a.mesh.stop()
  const self = await startNode(t, { listen: [a.address], peers: [a.address] })
  const b = await startNode(t, { peers: [a.address] })
  await until(t, () => self.heard.reached.length > 0, 'others come')
  await sleep(300)
  t.same(self.heard.reached, [`+${b.mesh.peer}`])
})

t.test('questions', async t => {
  const [a, b] = await pair(t)
  b.heard.answer = async (peer, question) =>
    Buffer.from(`${peer} ${Buffer.from(question).toString()}`)
  const answers = await Promise.all(
    ['1', '2', '3'].map(text => a.mesh.ask(b.mesh.peer, Buffer.from(text), 'registry'))
  )
  t.same(
    answers.map(answer => Buffer.from(answer).toString()),
    ['1', '2', '3'].map(text => `${a.mesh.peer} ${text}`)
  )
  const large = randomBytes(500 * 1024)
  b.heard.answer = async (_peer, question) => question
  t.ok(large.equals(await a.mesh.ask(b.mesh.peer, large, 'registry')))
  await t.rejects(a.mesh.ask(b.mesh.peer, randomBytes(600 * 1024), 'registry'))
  b.heard.answer = () => Promise.reject(new Error('no'))
  await t.rejects(a.mesh.ask(b.mesh.peer, large, 'registry'))
  b.heard.answer = () => new Promise(() => {})
  await t.rejects(a.mesh.ask(b.mesh.peer, Buffer.from('?'), 'registry'), /in time/)
  await t.rejects(
    a.mesh.ask('12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN', large, 'registry')
  )
  b.heard.answer = async (_peer, question) => question
  t.ok(large.equals(await a.mesh.ask(b.mesh.peer, large, 'registry')))
})

t.test('a rumour reaches everybody of the cluster', async t => {
  const a = await startNode(t)
  const b = await startNode(t, { peers: [a.address] })
  const c = await startNode(t, { peers: [a.address] })
  const stranger = await startNode(t, { peers: [a.address] })
  for (const { mesh } of [a, b, c]) mesh.setCluster('c1'.repeat(16))
  stranger.mesh.setCluster('c2'.repeat(16))
  // What is told before the subscriptions are known is lost, and nobody minds.
  const all = () => [a, c].every(({ heard }) => heard.rumours.length > 0)
  for (let i = 0; i < 600 && !all(); i += 1) {
    b.mesh.publish(envelopeOf(rumour))
    await sleep(100)
  }
  t.ok(all())
  t.equal(c.heard.rumours[0]?.peer, b.mesh.peer)
  t.strictSame(c.heard.rumours[0]?.envelope, envelopeOf(rumour))
  t.same(stranger.heard.rumours, [])
  t.same(b.heard.rumours, [])
})

t.test('who has another key stays outside', async t => {
  const a = await startNode(t)
  const b = await startNode(t, { peers: [a.address], clusterKey: clusterKeyOf('b') })
  b.mesh.learn([{ incarnation: '', peer: a.mesh.peer, addresses: [a.address] }])
  b.mesh.send(a.mesh.peer, envelopeOf(taken))
  await sleep(1500)
  t.same([a.heard.reached, b.heard.reached, a.heard.messages], [[], [], []])
  const c = await startNode(t, { peers: [a.address] })
  await until(t, () => c.heard.reached.length === 1, 'who has it comes in')
})

t.test('in memory', async t => {
  const transport = 'memory' as const
  const a = await startNode(t, { transport, listen: ['/memory/one'] })
  const b = await startNode(t, { transport, listen: ['/memory/two'], peers: ['/memory/one'] })
  await until(t, () => b.heard.reached.length === 1, 'connected')
  b.mesh.send(a.mesh.peer, envelopeOf(taken))
  await until(t, () => a.heard.messages.length === 1, 'it came')
})

t.test('an address that is none', async t => {
  await t.rejects(startNode(t, { listen: ['127.0.0.1:7946'] }), { code: 'ERR_CONFIG_INVALID' })
  await t.rejects(startNode(t, { listen: ['/ip4/192.0.2.1/tcp/1'] }), {
    code: 'ERR_CONFIG_INVALID'
  })
})
