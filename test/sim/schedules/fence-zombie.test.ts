// G3: X has granted an address to Z and goes off before anybody hears of it; X is removed and its heir claims the
// address. Then X is switched on, cannot read the registry, and repeats its open grant.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [x, z, h] = [0, 1, 2]

export async function zombieGrant(stage: Stage): Promise<void> {
  await stage.form()
  stage.hold([x, z, 'Grant', 'Delta', 'Summary'], [x, h, 'Delta', 'Summary'])
  const { id } = stage.pod(z)
  await stage.until('X has granted', () => stage.held('Grant', x, z).length > 0)
  stage.stop(id)
  stage.node(x).powerOff()
  stage.lose()
  stage.remove(x, h)
  // Z does not hear of the claim: that would hide the grant.
  stage.hold([h, z, 'Delta', 'Summary', 'Grant'], [z, h, 'Ask'])
  await stage.until('H has claimed everything', () => stage.ownsAll(h))
  stage.world.registry.cut(x, 1)
  stage.node(x).powerOn()
  await stage.pass(10_000)
  stage.hold()
  stage.world.registry.cut(x, -1)
  await stage.pass(20_000)
}

t.test('who was removed is not greeted any more, whatever it has read itself', async t => {
  t.equal(await play(zombieGrant), undefined)
})

t.test('without the fence its last grant makes a second owner', async t => {
  t.match(await play(zombieGrant, { without: ['fence'] }), /^S[245]/)
})
