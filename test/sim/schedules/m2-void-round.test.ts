// M2: only W knows that X granted an address to Z. X is removed; its heir H hears Z, and waits for W. W is
// switched off and removed as well. Its last words reach Z, which has not read of W's removal yet.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [x, w, z, h] = [0, 1, 2, 3]

export async function voidRound(stage: Stage): Promise<void> {
  await stage.form()
  // Z's grant is lost, and of all others only W hears of it.
  const secret = [x, h, 'Delta', 'Summary'] as const
  stage.hold([x, z, 'Grant', 'Delta', 'Summary'], secret, [w, z, 'Delta'], [w, h])
  const { id } = stage.pod(z)
  await stage.until('X has granted', () => stage.held('Grant', x, z).length > 0)
  stage.stop(id)
  await stage.until('W has heard of it', () => stage.sameRegisters(w, x))
  stage.node(x).powerOff()
  stage.lose()
  await stage.until('W tells Z', () => stage.held('Delta', w, z).length > 0)
  stage.remove(x, h)
  await stage.until('Z has read that X is removed', () => stage.hasReadAll(z))
  // Z answers H meanwhile, and W is not heard.
  await stage.pass(35_000)
  stage.world.registry.cut(z, 1)
  stage.node(w).powerOff()
  stage.remove(w, h)
  // What H takes over it needs itself, and Z does not hear of it.
  stage.hold([h, z, 'Delta', 'Summary', 'Grant'])
  for (let i = 0; i < 4; i += 1) stage.pod(h)
  await stage.pass(20_000)
  stage.letGo('Delta')
  await stage.pass(2_000)
  stage.hold()
  stage.world.registry.cut(z, -1)
  await stage.pass(20_000)
}

t.test('a round is void when somebody was removed before it had answered', async t => {
  t.equal(await play(voidRound, { nodes: 4 }), undefined)
})

t.test('with a need that shrinks two nodes own the address', async t => {
  t.match(await play(voidRound, { nodes: 4, without: ['voidRound'] }), /^S[245]/)
})
