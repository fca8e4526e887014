// A mistake of ours: two nodes have an address under one key. All compare notes, the pod of one of them ends, and
// pods come until nothing is left. Nobody may have the address before a person has decided.

import t from 'tap'
import { Violation } from '../../../scripts/sim/judge.ts'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

export async function oneKeyTwoOwners(stage: Stage): Promise<void> {
  await stage.form()
  const first = stage.pod(1)
  await stage.until('node 1 has an address', () => first.address() !== undefined)
  const address = first.address()
  await stage.until('node 2 has heard of it', () => stage.sameRegisters(1, 2))
  const register = address && stage.node(2).disk.registers.get(address)
  if (address === undefined || register === undefined) throw new Error('it has one')
  stage.node(2).kill()
  stage.forge(2, new Map([[address, { ...register, owner: stage.member(2) }]]))
  stage.node(2).start()
  await stage.pass(40_000)
  for (const node of [2, 2, 2, 2, 0, 0]) stage.pod(node)
  await stage.pass(20_000)
  if (stage.world.judge.doubles > 0) {
    throw new Violation('S1', 'an address that is known to have two owners is given to a pod')
  }
}

t.test('two contents of one key put an address out of use', async t => {
  t.equal(await play(oneKeyTwoOwners, { isTruthful: false }), undefined)
})

t.test('without it each of the two goes on', async t => {
  t.match(await play(oneKeyTwoOwners, { isTruthful: false, without: ['contested'] }), /^S1/)
})
