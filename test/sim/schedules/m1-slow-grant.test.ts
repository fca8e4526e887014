// M1: a grant is on its way while its donor's disk falls back to before it. Everybody confirms that nothing is
// missing, since nobody has heard of the grant; then it arrives.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

export async function slowGrant(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(0)
  // Nobody hears of the grant: not its receiver, and nobody else by comparing notes.
  stage.hold([0, 1, 'Grant', 'Delta', 'Summary'], [0, 2, 'Delta', 'Summary'])
  const pod = stage.pod(1)
  await stage.until('node 0 has granted', () => stage.held('Grant', 0, 1).length > 0)
  stage.rollBack(0)
  stage.hold()
  stage.node(0).powerOn()
  await stage.until('node 0 serves again', () => stage.serves(0))
  // What the dead process said last.
  stage.letGo('Grant')
  await stage.pass(3_000)
  await stage.until('the pod got an address all the same', () => pod.address() !== undefined)
}

t.test('the grant of a process that has ended is not heard', async t => {
  t.equal(await play(slowGrant), undefined)
})

t.test('without sessions two nodes own what was granted', async t => {
  t.match(await play(slowGrant, { without: ['session'] }), /^S[245]/)
})
