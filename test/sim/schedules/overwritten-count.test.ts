// Y's last grant, to V, is still on its way when Y's disk falls back to before it. V has answered an heir, takes the
// grant, and passes the address on, back to Y: so no register is left that Y wrote, and nothing of Y's that is newer.
// Only the count that V has heard proves that Y forgot, and that the heir has to ask again.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [x, y, v, h] = [0, 1, 2, 3]

export async function passedBack(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(y)
  stage.hold(
    [x, v, 'Delta', 'Summary'],
    [x, h, 'Delta', 'Summary'],
    [y, v, 'Delta', 'Summary', 'Grant'],
    [y, h, 'Delta', 'Summary']
  )
  const first = stage.pod(y)
  await stage.until('Y has addresses of X', () => first.address() !== undefined)
  stage.stop(first.id)
  stage.node(x).powerOff()
  const second = stage.pod(v)
  await stage.until('Y has granted to V', () => stage.held('Grant', y, v).length > 0)
  stage.stop(second.id)
  stage.rollBack(y)
  stage.hold([y, v], [v, y], [h, v, 'Delta', 'Summary'], [v, h, 'Ask', 'Delta', 'Summary'])
  stage.node(y).powerOn()
  stage.remove(x, h)
  // V's pod waits for nothing any more.
  await stage.pass(16_000)
  stage.drain(v)
  stage.cut(v, h)
  stage.letGo('Grant')
  await stage.until('V passes it back', () => stage.held('Grant', v, y).length > 0)
  stage.lose()
  // Y hears nothing of it before it is confirmed and has answered, and of no claim.
  const claims = [
    [h, y, 'Grant', 'Delta', 'Summary', 'Digest'],
    [v, h, 'Delta', 'Summary'],
    [h, v]
  ] as const
  stage.hold([v, y, 'Grant', 'Delta', 'Summary', 'Digest'], ...claims)
  stage.cut(v, h, false)
  await stage.pass(20_000)
  stage.hold(...claims)
  await stage.pass(30_000)
  stage.hold()
  await stage.pass(20_000)
}

t.test('a count that was heard outlives the register that showed it', async t => {
  t.equal(await play(passedBack, { nodes: 4 }), undefined)
})
