// M3: the donor of a grant falls back to before it, the receiver never got it, and only a third node knows.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

export async function thirdParty(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(0)
  stage.hold([0, 1, 'Grant', 'Delta', 'Summary'], [2, 1])
  stage.pod(1)
  await stage.until('node 0 has granted', () => stage.held('Grant', 0, 1).length > 0)
  await stage.until('node 2 has heard of it', () => stage.sameRegisters(2, 0))
  stage.rollBack(0)
  stage.lose()
  stage.hold([2, 1], [1, 0, 'Ask'], [2, 0, 'Delta', 'Summary', 'Digest'])
  stage.node(0).powerOn()
  await stage.until('node 0 serves again, or is another', () => stage.serves(0))
  for (let i = 0; i < 4; i += 1) stage.pod(0)
  await stage.pass(1_000)
  // Node 1 hears of it first.
  stage.hold([1, 0, 'Ask'], [2, 0, 'Delta', 'Summary', 'Digest'])
  await stage.pass(20_000)
  stage.hold()
  await stage.pass(10_000)
}

t.test('whoever confirms says what it knows of the addresses', async t => {
  t.equal(await play(thirdParty), undefined)
})

t.test('with counters and live pods alone two nodes own the address', async t => {
  t.match(await play(thirdParty, { without: ['confirmRegisters'] }), /^S[1245]/)
})
