// D comes back over an old disk, and for a while the registry is out of reach. When it is there again W answers at once,
// and R, who has what D forgot, a moment later: whoever can be reached within five seconds of the question counts.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, r, w] = [0, 1, 2]

export async function slowRegistry(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(d)
  const secret = [
    [d, w, 'Delta', 'Summary'],
    [r, w, 'Delta', 'Summary']
  ] as const
  stage.hold(...secret)
  const pod = stage.pod(r)
  await stage.until('R has an address of D', () => pod.address() !== undefined)
  stage.rollBack(d)
  stage.hold(...secret, [r, d, 'Delta', 'Summary', 'Digest', 'Confirmed'])
  stage.world.registry.cut(d, 1)
  stage.node(d).powerOn()
  await stage.pass(10_000)
  stage.world.registry.cut(d, -1)
  await stage.until('R has answered', () => stage.held('Confirmed', r, d).length > 0)
  await stage.pass(200)
  stage.hold()
  stage.letGo('Confirmed')
  await stage.pass(20_000)
}

t.test('who waited for the registry waits for the others all the same', async t => {
  t.equal(await play(slowRegistry, { confirm: 'reachable' }), undefined)
})
