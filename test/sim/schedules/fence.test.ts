// G3: X has granted an address to Z and is removed before the grant arrives. Z has promised the heir to hear
// nothing more of X, and the heir has claimed the address; then the grant arrives.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [x, z, h] = [0, 1, 2]

export async function fencedGrant(stage: Stage): Promise<void> {
  await stage.form()
  stage.hold([x, z, 'Grant', 'Delta', 'Summary'], [x, h, 'Delta', 'Summary'])
  const { id } = stage.pod(z)
  await stage.until('X has granted', () => stage.held('Grant', x, z).length > 0)
  stage.stop(id)
  stage.node(x).powerOff()
  stage.remove(x, h)
  await stage.until('H has read of it', () => stage.hasReadAll(h) && stage.hasReadAll(z))
  // Z does not hear of the claim: that would hide the grant.
  stage.hold([h, z, 'Delta', 'Summary', 'Grant'])
  await stage.pass(10_000)
  for (let i = 0; i < 4; i += 1) stage.pod(h)
  await stage.pass(5_000)
  stage.letGo('Grant')
  await stage.pass(1_000)
  stage.hold()
  await stage.pass(10_000)
}

t.test('nothing is taken from a member that was removed', async t => {
  t.equal(await play(fencedGrant), undefined)
})

t.test('its session is forgotten as well, so either of the two guards is enough', async t => {
  t.equal(await play(fencedGrant, { without: ['fence'] }), undefined)
  t.equal(await play(fencedGrant, { without: ['session'] }), undefined)
})
