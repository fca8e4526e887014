// Two wire versions beside one another: what a later release adds to a register passes through nodes that cannot
// read it, and who has no version in common is told so and heard no further.

import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Run } from '../../src/core/lease/register.ts'
import { encodeEnvelope } from '../../src/mesh/codec.ts'
import type { Body } from '../../src/core/protocol.ts'
import { until } from '../mesh/nodes.ts'
import { Foe } from './foe.ts'
import { domain } from './honest-node.ts'
import { Scene } from './scene.ts'

const tail = 'c0ffee00ff'

t.test(
  'the tail of a later release goes through two nodes byte for byte, and stays when custody moves',
  async t => {
    const scene = await Scene.open(t)
    const { foe: newer, target, third } = scene
    newer.say(target, { type: 'Ask', domain, id: 1, pool: 'blue', demand: 2, wish: 2 })
    await until(t, () => newer.got(target, 'Grant').length > 0, 'it has addresses')
    const [given] = newer.got(target, 'Grant').flatMap(({ runs, wctr }) => {
      newer.say(target, { type: 'Taken', domain, wctr })
      return runs
    })
    if (given === undefined) throw new Error('a grant has runs')
    const { fence, seq } = given.register
    const start = given.start
    const written: Run = {
      ...{ start, end: start + 1n },
      register: { fence, seq: seq + 1, owner: 1, writer: newer.index, wctr: 1, tail }
    }
    newer.tell(target, [written], { raise: [[newer.index, 1]] })
    await newer.handled(t, target)
    t.same(target.registerOf(start), written.register, 'the first has it as it was written')
    await until(t, () => third.registerOf(start)?.wctr === 1, 'the third hears of it')
    t.same(third.registerOf(start), written.register, 'from a node that cannot read it')
    newer.say(third, { type: 'Summary', domain, hash: 'f'.repeat(16), marks: [] })
    const back = () => newer.got(third, 'Delta').flatMap(({ runs }) => runs)
    const isBack = () => back().some(run => run.start === start)
    await until(t, isBack, 'and tells it on')
    const returned = back().filter(run => run.start === start)
    t.same(bytesOf(newer, returned.slice(0, 1)), bytesOf(newer, [written]), 'the very same bytes')
    newer.say(target, {
      type: 'Ask',
      domain,
      id: 2,
      pool: 'blue',
      demand: 1,
      wish: 1,
      exact: start
    })
    await until(t, () => newer.got(target, 'Grant').some(({ id }) => id === 2), 'it moves on')
    const moved = newer.got(target, 'Grant').find(({ id }) => id === 2)?.runs[0]?.register
    t.match(moved, { tail, seq: seq + 2, owner: newer.index })
    await scene.unharmed(t)
  }
)

function bytesOf({ incarnation, session }: Foe, runs: readonly Run[]): string {
  const from = { incarnation, session }
  const body: Body = { type: 'Delta', domain, runs, raise: [], contests: [] }
  const bytes = encodeEnvelope({ version: 1, cluster: '', from, registry: 0, body })
  return Buffer.from(bytes).toString('hex')
}

t.test('a node of a release with no version in common', async t => {
  const scene = await Scene.open(t)
  const { foe: newer, target } = scene
  const before = target.store.load().leases.peers.get(newer.incarnation)
  newer.greet(target, { wire: { min: 2, max: 2 } })
  await until(t, () => newer.got(target, 'Rebuff').some(({ why }) => why === 'Version'), 'refused')
  t.ok(target.said(/no wire version that this one talks.*"theirs":\{"min":2,"max":2\}/s))
  t.same(target.store.load().leases.peers.get(newer.incarnation), before, 'nothing was noted')
  newer.greet(target, { wire: { min: 1, max: 2 } })
  await until(t, () => newer.got(target, 'Welcome').length > 1, 'with one in common it is welcome')
  await scene.unharmed(t)
})

t.test('who is refused says so once', async t => {
  const scene = await Scene.open(t, { member: false })
  const { target } = scene
  const newer = await Foe.start(t, scene.registry, [target], false)
  newer.isPolite = false
  newer.heard.onHeard = ({ envelope: { body } }) => {
    if (body.type !== 'Hello') return
    newer.shout(target, { type: 'Rebuff', why: 'Version', answer: body.nonce })
  }
  await newer.join()
  newer.greet(target)
  await until(t, () => target.said(/a node refuses to talk to this one.*Version/s), 'it is said')
  const lines = target.log.filter(({ message }) => /refuses to talk/.test(message))
  t.equal(lines.length, 1)
  await scene.unharmed(t)
})

t.test('the lowest version rises when everybody who is left talks the new one', async t => {
  const { registry, foe, target, third } = await Scene.open(t, { member: false })
  const writes = (proposal: object) => foe.write(proposal)
  await t.rejects(writes({ type: 'MinWire', version: 2 }), /target talks wire version 1 at most/)
  const later = { min: 1, max: 2 }
  const incarnation = randomBytes(16).toString('hex')
  const member = { incarnation, node: 'later', peer: foe.peer, machine: '', wire: later }
  await writes({ type: 'Join', members: [member] })
  await t.rejects(writes({ type: 'MinWire', version: 2 }), /target talks/, 'one is not enough')
  for (const gone of [target, third]) {
    const removal = { type: 'Remove', incarnation: gone.incarnation, heir: incarnation }
    await writes({ ...removal, assertion: 'OPERATOR', evidence: 'it is off' })
  }
  await writes({ type: 'MinWire', version: 2 })
  t.equal(registry.view.minWire, 2)
  const old = { ...member, incarnation: randomBytes(16).toString('hex'), peer: 'old' }
  const joins = writes({ type: 'Join', members: [{ ...old, wire: { min: 1, max: 1 } }] })
  await t.rejects(joins, /talks wire versions 1 to 1 and the cluster talks 2/)
})
