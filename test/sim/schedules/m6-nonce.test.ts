// M6: an answer to the confirmation of the boot before the last one arrives in the present one. It is from
// before the grant that the node has forgotten since.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

export async function lateConfirmed(stage: Stage): Promise<void> {
  await stage.form()
  stage.node(0).powerOff()
  stage.hold([1, 0, 'Confirmed'])
  stage.node(0).powerOn()
  await stage.until('node 1 has confirmed', () => stage.held('Confirmed', 1, 0).length > 0)
  const [early] = stage.world.net.held
  stage.hold()
  early?.deliver()
  await stage.until('node 0 serves', () => stage.serves(0))
  stage.lose()
  stage.backUp(0)
  stage.hold([0, 2, 'Delta', 'Summary'], [1, 2])
  const pod = stage.pod(1)
  await stage.until('node 1 has an address of node 0', () => pod.address() !== undefined)
  stage.rollBack(0)
  // What node 1 really knows does not arrive; its old answer does, once more.
  stage.hold([1, 0, 'Confirmed', 'Delta', 'Summary', 'Digest', 'Ask', 'Taken'], [1, 2])
  stage.node(0).powerOn()
  await stage.until('node 0 asks again', () => stage.held('Confirmed', 1, 0).length > 0)
  early?.deliver()
  await stage.pass(3_000)
  stage.hold()
  stage.lose()
  await stage.pass(10_000)
}

t.test('an answer counts where it was asked for', async t => {
  t.equal(await play(lateConfirmed), undefined)
})

t.test('the session it is addressed to is one guard, its nonce the other', async t => {
  t.equal(await play(lateConfirmed, { without: ['nonce'] }), undefined)
  t.equal(await play(lateConfirmed, { without: ['addressee'] }), undefined)
  t.match(await play(lateConfirmed, { without: ['nonce', 'addressee'] }), /^S[245]/)
})
