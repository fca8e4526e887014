// X is removed; its heir H has heard Y and Z, and waits for W. Then Y grants an address to Z, and is switched off
// and removed with the same heir. What H heard of Y's addresses is from before Z had promised to hear Y no more.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [x, y, z, w, h] = [0, 1, 2, 3, 4]

export async function laterRemoval(stage: Stage): Promise<void> {
  await stage.form()
  const first = stage.pod(y)
  await stage.until('Y has an address of X', () => first.address() !== undefined)
  stage.stop(first.id)
  stage.node(x).powerOff()
  // W answers late, and of what Y and Z do nobody hears.
  const secret = ['Delta', 'Summary'] as const
  const hidden = [
    [y, h, ...secret],
    [y, w, ...secret],
    [z, h, ...secret],
    [z, w, ...secret]
  ] as const
  stage.hold([w, h, 'Collected'], ...hidden)
  stage.remove(x, h)
  await stage.until('W is asked', () => stage.held('Collected', w, h).length > 0)
  await stage.pass(3_000)
  const { address } = stage.pod(z)
  await stage.until('Y has granted to Z', () => address() !== undefined)
  stage.node(y).powerOff()
  stage.remove(y, h)
  await stage.until('H has read of both removals', () => stage.hasReadAll(h))
  stage.letGo('Collected')
  await stage.pass(2_000)
  stage.hold()
  stage.lose()
  await stage.pass(60_000)
}

t.test('a round is good for those only who were removed when it began', async t => {
  t.equal(await play(laterRemoval, { nodes: 5 }), undefined)
})
