// M4: the donor of a grant falls back to before it, and its receiver has lost the database under a living pod.
// No register of the grant is left anywhere; the pod is.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, r, w] = [0, 1, 2]

export async function lostReceiver(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(d)
  stage.hold([d, w, 'Delta', 'Summary'], [r, w, 'Delta', 'Summary'])
  const pod = stage.pod(r)
  await stage.until('the pod has an address', () => pod.address() !== undefined)
  stage.rollBack(d)
  // The new incarnation of R asks for its pod's address by name; that is slow.
  stage.hold([r, d, 'Ask', 'Delta', 'Summary', 'Digest'], [r, w, 'Delta', 'Summary'])
  stage.lose()
  stage.loseDisk(r)
  stage.node(d).powerOn()
  await stage.pass(25_000)
  for (let i = 0; i < 4; i += 1) stage.pod(d)
  await stage.pass(10_000)
  stage.hold()
  await stage.pass(20_000)
}

t.test('whoever confirms says where its pods live', async t => {
  t.equal(await play(lostReceiver), undefined)
})

t.test('with registers alone two living pods have the address', async t => {
  t.match(await play(lostReceiver, { without: ['confirmLive'] }), /^S1/)
})
