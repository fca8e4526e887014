// A node asks to join, loses its database before it is heard, and joins with the new one. Then the first question
// arrives. Who would be let in by it is nobody: a member that never answers, for whom every round waits.

import t from 'tap'
import { Violation } from '../../../scripts/sim/judge.ts'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [first, second, third] = [0, 1, 2]

export async function lateJoin(stage: Stage): Promise<void> {
  const { registry, judge, nodes } = stage.world
  const isMember = (index: number) => judge.memberOf(stage.node(index)) !== undefined
  registry.holds = node => node === third
  await stage.until('two are members, and own the pool', () => {
    return isMember(first) && isMember(second) && stage.node(second).disk.registers.size > 0
  })
  await stage.until('the third has asked', () => registry.held.length > 0)
  const questions = registry.held.splice(0)
  stage.loseDisk(third)
  registry.holds = () => false
  await stage.until('it is in with its new database', () => isMember(third))
  for (const arrive of questions) arrive()
  await stage.pass(5_000)
  stage.node(first).powerOff()
  stage.remove(first, second)
  for (let seconds = 0; !stage.ownsAll(second); seconds += 1) {
    if (seconds > 60) throw new Violation('V4', `one of ${nodes.length} waits for nobody`)
    await stage.pass(1_000)
  }
}

t.test('who was late is not let in when its successor is there', async t => {
  t.equal(await play(lateJoin), undefined)
})

t.test('without it the addresses of a removed member are out of reach for ever', async t => {
  t.match(await play(lateJoin, { without: ['lateNamesake'] }), /^V4/)
})
