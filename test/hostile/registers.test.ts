// Forged registers of a member: about what the target holds, about what it wrote, about what nobody has
// decided. None of them takes an address away or gives one out twice.

import t from 'tap'
import type { Register, Run } from '../../src/core/lease/register.ts'
import { ip } from '../support/samples.ts'
import { domain } from './honest-node.ts'
import { Scene } from './scene.ts'

const holding = { free: 9, used: 0, cooling: 0, waiting: 0 }

function forged(of: Run, register: Partial<Register>): Run {
  return { ...of, register: { ...of.register, ...register } }
}

t.test('the next key of what the target holds', async t => {
  const scene = await Scene.open(t)
  const { foe, target, live, free } = scene
  for (const run of [live, free]) {
    const { seq } = run.register
    const mine = forged(run, { seq: seq + 1, owner: foe.index, writer: foe.index, wctr: 1 })
    foe.tell(target, [mine])
    foe.say(target, {
      ...{ type: 'Grant', domain, wctr: 1, id: 1, pool: 'blue', runs: [mine], holding }
    })
    foe.say(target, {
      ...{ type: 'No', domain, id: 1, pool: 'blue', reason: 'NotOwner', holding, referrals: [] },
      newer: mine
    })
    const others = forged(run, { seq: seq + 1, owner: 2, writer: 2, wctr: 900 })
    foe.tell(target, [others])
  }
  await foe.handled(t, target)
  t.ok(target.said(/a forged register was not taken/), 'and it is said')
  t.equal(target.registerOf(live.start)?.owner, 1)
  t.equal(target.registerOf(free.start)?.owner, 1)
  await scene.unharmed(t)
})

t.test('writer = target, at a count that it has had, and at the one it has', async t => {
  const scene = await Scene.open(t)
  const { foe, target, live, free } = scene
  const own = target.leases.marks.get(1) ?? 0
  t.ok(own > 0, 'it has written')
  for (const run of [live, free]) {
    for (const wctr of [1, own]) {
      const { seq } = run.register
      foe.tell(target, [
        forged(run, { seq: seq + 1, owner: foe.index, writer: 1, wctr }),
        forged(run, { seq: seq + 7, owner: 2, writer: 1, wctr })
      ])
    }
  }
  await foe.handled(t, target)
  t.ok(target.said(/a forged register was not taken/))
  await scene.unharmed(t)
})

t.test(
  'an equal key with another content puts that address out of use, and nothing else',
  async t => {
    const scene = await Scene.open(t)
    const { foe, target, free } = scene
    foe.tell(target, [forged(free, { owner: foe.index, writer: foe.index, wctr: 1 })])
    await foe.handled(t, target)
    t.ok(target.said(/addresses are contested/))
    t.equal(target.registerOf(free.start)?.owner, 1, 'the claim is kept beside, not taken')
    t.same(
      target.leases.contests.map(({ address }) => address),
      [free.start]
    )
    await scene.unharmed(t)
  }
)

t.test('the fence of a record that is not there yet', async t => {
  const scene = await Scene.open(t)
  const { foe, target, third, live, free, registry } = scene
  for (const node of [target, third]) {
    for (const run of [live, free]) {
      for (const fence of [registry.view.index + 1, 1_000_000, Number.MAX_SAFE_INTEGER]) {
        for (const writer of [foe.index, 0]) {
          foe.tell(node, [forged(run, { fence, seq: 0, owner: foe.index, writer, wctr: 1 })])
        }
      }
    }
    await foe.handled(t, node)
    t.ok(node.said(/registers that the registry does not explain/), 'and it is said')
  }
  await scene.unharmed(t)
})

t.test('what follows from the registry comes from the registry only', async t => {
  const scene = await Scene.open(t)
  const { foe, target, third, live, free } = scene
  for (const node of [target, third]) {
    for (const run of [live, free]) {
      const { fence, seq } = run.register
      foe.tell(node, [
        forged(run, { fence, seq: seq + 1, owner: foe.index, writer: 0, wctr: 0 }),
        forged(run, { fence, seq: seq + 3, owner: 2, writer: 0, wctr: 0 })
      ])
    }
    await foe.handled(t, node)
    t.equal(node.registerOf(free.start)?.owner, 1)
  }
  await scene.unharmed(t)
})

t.test('of members that nobody knows, and of removed ones', async t => {
  const scene = await Scene.open(t)
  const { foe, target, third, live, free, registry } = scene
  for (const run of [live, free]) {
    foe.tell(target, [forged(run, { seq: 50, owner: 99, writer: foe.index, wctr: 1 })])
    foe.tell(target, [forged(run, { seq: 50, owner: foe.index, writer: 99, wctr: 1 })])
  }
  await foe.handled(t, target)
  t.ok(target.said(/registers that the registry does not explain/))
  t.equal(target.registerOf(free.start)?.owner, 1)
  await foe.write({
    ...{ type: 'Remove', incarnation: foe.incarnation, heir: target.incarnation },
    ...{ assertion: 'OPERATOR', evidence: 'it lies' }
  })
  const { index } = registry.view
  for (const node of [target, third]) foe.greet(node)
  await foe.until(t, () => target.learned === index && third.learned === index)
  const seq = free.register.seq + 1
  foe.tell(target, [forged(free, { seq, owner: foe.index, writer: foe.index, wctr: 5 })])
  foe.greet(target)
  await foe.until(t, () => foe.got(target, 'Rebuff').some(({ why }) => why === 'Fenced'))
  t.equal(target.registerOf(free.start)?.owner, 1)
  await scene.unharmed(t)
})

t.test('contests by the thousand', async t => {
  const scene = await Scene.open(t)
  const { foe, target } = scene
  const claims = (i: number): readonly [Register, Register] => {
    const one = { fence: 3, seq: i, owner: 3, writer: 3, wctr: i, tail: '' }
    return [one, { ...one, owner: 2 }]
  }
  for (let batch = 0; batch < 5; batch += 1) {
    const contests = Array.from({ length: 1_000 }, (_, i) => ({
      address: (ip('10.9.0.100') + BigInt(i)) as never,
      claims: claims(batch * 1_000 + i)
    }))
    foe.tell(target, [], { contests })
  }
  await foe.handled(t, target)
  const { contests } = target.leases
  t.ok(contests.length <= 156, `${contests.length} are kept: those of the subnet`)
  await scene.unharmed(t)
})
