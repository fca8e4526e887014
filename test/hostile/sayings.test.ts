// What a foe says about sessions, rounds and counts: greetings by the thousand, guessed answers, marks beyond
// all measure. The target goes on serving, and does not take itself for forgetful.

import { randomBytes } from 'node:crypto'
import t from 'tap'
import { type Body, wire } from '../../src/core/protocol.ts'
import { until } from '../mesh/nodes.ts'
import { Foe } from './foe.ts'
import { domain } from './honest-node.ts'
import { Scene } from './scene.ts'

const hash = 'f'.repeat(16)
const absurd = Number.MAX_SAFE_INTEGER
const chance = (bytes: number) => randomBytes(bytes).toString('hex')

t.test(
  'summaries that claim a higher own count: all are asked, one alone is not believed',
  async t => {
    const scene = await Scene.open(t)
    const { foe, target } = scene
    const own = target.leases.marks.get(1) ?? 0
    const claim = own + 1_000
    for (const wctr of [claim, absurd]) {
      foe.say(target, { type: 'Summary', domain, hash, marks: [[1, wctr]] })
    }
    await until(t, () => foe.got(target, 'Confirm').length > 0, 'all are asked')
    for (const { nonce } of foe.got(target, 'Confirm')) {
      const answer = { domain, nonce, wctr: claim, newer: [], live: [] }
      foe.say(target, { type: 'Confirmed', ...answer })
    }
    const isSkipped = () => (target.leases.marks.get(1) ?? 0) >= claim
    await until(t, isSkipped, 'overruled; the counts that may have been used are skipped')
    foe.say(target, { type: 'Summary', domain, hash, marks: [[1, absurd]] })
    await foe.handled(t, target)
    await scene.unharmed(t)
  }
)

t.test(
  'two that claim the same are believed: the target lives on as another, and its pods keep theirs',
  async t => {
    const scene = await Scene.open(t)
    const { foe, target, registry } = scene
    const other = await Foe.start(t, registry, [target], true)
    await other.befriend(t, target)
    for (const one of [foe, other]) one.greet(target)
    const { used } = target
    const wctr = (target.leases.marks.get(1) ?? 0) + 5
    foe.say(target, { type: 'Summary', domain, hash, marks: [[1, wctr]] })
    const confirm = () => {
      for (const one of [foe, other]) {
        for (const { nonce } of one.got(target, 'Confirm')) {
          const answer = { domain, nonce, wctr, newer: [], live: [] }
          one.say(target, { type: 'Confirmed', ...answer })
        }
      }
      return target.ended !== undefined
    }
    await until(t, confirm, 'the incarnation ends')
    t.match(target.ended, /others remember more writes/)
    t.same(target.used, used, 'what pods have stays theirs')
  }
)

t.test('marks of everybody beyond all measure, in every place that has marks', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  const marks: [number, number][] = [
    [2, absurd],
    [3, absurd],
    [99, absurd],
    [0, absurd]
  ]
  foe.say(target, { type: 'Summary', domain, hash, marks })
  foe.tell(target, [], { reverse: { hash, marks } })
  foe.tell(target, [], { raise: marks })
  await foe.handled(t, target)
  await scene.unharmed(t)
})

t.test('answers to rounds that nobody opened, with nonces that nobody gave', async t => {
  const scene = await Scene.open(t)
  const { foe, target, live, free } = scene
  const register = { ...live.register, seq: 9, owner: foe.index, writer: foe.index, wctr: 9 }
  for (let i = 0; i < 200; i += 1) {
    const runs = [
      { ...live, register },
      { ...free, register }
    ]
    const ranges = [{ start: live.start, end: live.end }]
    foe.say(target, { type: 'Collected', domain, nonce: chance(8), runs, live: ranges })
    const answer = { domain, nonce: chance(8), wctr: absurd, newer: runs, live: ranges }
    foe.say(target, { type: 'Confirmed', ...answer })
  }
  foe.say(target, { type: 'Collect', domain, nonce: chance(8), round: absurd })
  await foe.handled(t, target)
  t.equal(foe.got(target, 'Collected').length, 0, 'a round of the future is not answered')
  await scene.unharmed(t)
})

t.test('Superseded and Fenced with guessed nonces', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  for (let i = 0; i < 500; i += 1) {
    const known = { opened: 1_000 + i, id: chance(8) }
    foe.shout(target, { type: 'Rebuff', why: 'Superseded', answer: chance(8), known })
    foe.shout(target, { type: 'Rebuff', why: 'Fenced', answer: chance(8) })
    foe.shout(target, { type: 'Rebuff', why: 'Superseded', answer: '0'.repeat(16), known })
  }
  await foe.handled(t, target)
  await scene.unharmed(t)
})

t.test('stale sessions: of the foe before, of the target before, of nobody', async t => {
  const scene = await Scene.open(t)
  const { foe, target, free } = scene
  const { seq } = free.register
  const run = {
    ...free,
    register: { ...free.register, seq: seq + 2, owner: 1, writer: foe.index, wctr: 3 }
  }
  const holding = { free: 0, used: 0, cooling: 0, waiting: 0 }
  const grant: Body = {
    ...{ type: 'Grant', domain, wctr: 3, id: 0, pool: 'blue', runs: [run], holding }
  }
  const { incarnation } = foe
  const past = { incarnation, session: { opened: 0, id: foe.session.id } }
  const twin = { incarnation, session: { opened: 1, id: chance(8) } }
  foe.say(target, grant, { from: past })
  foe.say(target, grant, { from: twin })
  foe.shout(target, grant)
  const other = { incarnation: target.incarnation, session: { opened: 1, id: chance(8) } }
  foe.say(target, grant, { to: other })
  foe.say(target, grant, { to: { ...other, incarnation: chance(16) } })
  await foe.befriend(t, target)
  await foe.handled(t, target)
  t.equal(target.registerOf(free.start)?.seq, seq, 'none of them was heard')
  await scene.unharmed(t)
})

t.test('in the name of another member', async t => {
  const scene = await Scene.open(t)
  const { foe, target, third } = scene
  const { opened } = third.store.load().leases.identity
  const from = { incarnation: third.incarnation, session: { opened, id: chance(8) } }
  const hello: Body = { type: 'Hello', nonce: chance(8), node: 'third', wire }
  foe.shout(target, hello, { from })
  foe.shout(target, { type: 'Taken', domain, wctr: 1 }, { from })
  await until(t, () => target.said(/speaks in the name of another/), 'it is said')
  await scene.unharmed(t)
})

t.test('a wrong cluster id: nothing is exchanged, and both are in the log', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  const cluster = 'e'.repeat(32)
  foe.shout(target, { type: 'Hello', nonce: chance(8), node: 'foe', wire }, { cluster })
  await until(t, () => foe.got(target, 'Rebuff').some(({ why }) => why === 'Cluster'), 'refused')
  foe.say(target, { type: 'Summary', domain, hash, marks: [[1, absurd]] }, { cluster })
  foe.shout(target, { type: 'Rebuff', why: 'Cluster', answer: chance(8) }, { cluster })
  await foe.handled(t, target)
  t.notOk(target.said(/all are asked/), 'its marks were not read')
  t.ok(target.said(new RegExp(`${scene.registry.view.cluster}.*${cluster}`)), 'with both ids')
  await scene.unharmed(t)
})

t.test('a registry of the future in every envelope', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  for (let i = 0; i < 300; i += 1) {
    foe.say(target, { type: 'Taken', domain, wctr: i }, { registry: absurd })
  }
  await foe.handled(t, target)
  await scene.unharmed(t)
})

t.test('a stranger with the key is told that it is one, and nothing else', async t => {
  const scene = await Scene.open(t, { member: false })
  const { foe, target } = scene
  for (let i = 0; i < 50; i += 1) foe.greet(target)
  await until(t, () => foe.got(target, 'Rebuff').length > 0, 'it is refused')
  foe.tell(target, [{ ...scene.live, register: { ...scene.live.register, seq: 9, owner: 2 } }])
  foe.say(target, { type: 'Ask', domain, id: 1, pool: 'blue', demand: 5, wish: 5 })
  for (let i = 0; i < 50; i += 1) foe.greet(target)
  await until(t, () => foe.got(target, 'Rebuff').length >= 100, 'every greeting is answered')
  t.ok(foe.got(target, 'Rebuff').every(({ why }) => why === 'Stranger'))
  t.same(foe.got(target, 'Grant'), [])
  t.same(foe.got(target, 'No'), [])
  await scene.unharmed(t)
})
