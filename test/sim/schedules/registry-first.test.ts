// G2: D has granted an address to W and forgotten it; only N knew, and N has been removed. D, which has read of
// that, asks W whether anything was forgotten. W has not read of it, says no, and then hears N's last words.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, w, n, h] = [0, 1, 2, 3]

export async function lastWords(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(d)
  stage.hold(
    [d, w, 'Grant', 'Delta', 'Summary'],
    [d, h, 'Delta', 'Summary'],
    [n, w, 'Delta'],
    [n, h, 'Delta', 'Summary']
  )
  const { id } = stage.pod(w)
  await stage.until('D has granted', () => stage.held('Grant', d, w).length > 0)
  stage.stop(id)
  await stage.until('N has heard of it', () => stage.sameRegisters(n, d))
  stage.rollBack(d)
  stage.lose()
  await stage.until('N tells W', () => stage.held('Delta', n, w).length > 0)
  stage.node(n).powerOff()
  stage.world.registry.cut(w, 1)
  stage.remove(n, h)
  stage.node(d).powerOn()
  await stage.pass(8_000)
  for (let i = 0; i < 4; i += 1) stage.pod(d)
  stage.hold([w, d, 'Ask'])
  await stage.pass(5_000)
  stage.letGo('Delta')
  await stage.pass(1_000)
  stage.hold()
  stage.world.registry.cut(w, -1)
  await stage.pass(20_000)
}

t.test('who knows less of the registry than the sender reads first', async t => {
  t.equal(await play(lastWords, { nodes: 4 }), undefined)
})

t.test('without it an answer vouches for what may still come', async t => {
  t.match(await play(lastWords, { nodes: 4, without: ['registryFirst'] }), /^S[245]/)
})
