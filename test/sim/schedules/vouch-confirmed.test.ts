// Y had an address of X and granted it to V; then Y's disk fell back to before it had it. X is removed. Y, which
// waits for V to confirm what it knows, is asked by X's heir; then the slow grant arrives at V.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [x, y, v, h] = [0, 1, 2, 3]

export async function staleVoucher(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(y)
  const secret = [
    [x, v, 'Delta', 'Summary'],
    [x, h, 'Delta', 'Summary'],
    [y, v, 'Delta', 'Summary', 'Grant'],
    [y, h, 'Delta', 'Summary'],
    // H is to keep what it will claim.
    [v, h, 'Ask']
  ] as const
  stage.hold(...secret)
  const first = stage.pod(y)
  await stage.until('Y has addresses of X', () => first.address() !== undefined)
  stage.stop(first.id)
  stage.node(x).powerOff()
  stage.pod(v)
  await stage.until('Y has granted to V', () => stage.held('Grant', y, v).length > 0)
  stage.rollBack(y)
  // V and the Y of now do not hear one another, nor does V hear of the claim.
  stage.hold([y, v], [v, y], [h, v, 'Delta', 'Summary'], [v, h, 'Ask'])
  stage.node(y).powerOn()
  stage.remove(x, h)
  // V's pod still waits.
  await stage.pass(6_000)
  stage.letGo('Grant')
  await stage.pass(2_000)
  stage.hold()
  stage.lose()
  await stage.pass(30_000)
}

t.test('who may have forgotten something answers no heir', async t => {
  t.equal(await play(staleVoucher, { nodes: 4 }), undefined)
})

t.test('without it the silence of an old disk counts as knowledge', async t => {
  t.match(await play(staleVoucher, { nodes: 4, without: ['vouchConfirmed'] }), /^S[245]/)
})
