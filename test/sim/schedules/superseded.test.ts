// D has started anew since its disk was copied, and everybody has met that process. Then it grants an address to
// R; W hears of it, R does not. The copy is put back under the running machine, and D greets W.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, r, w] = [0, 1, 2]

export async function olderSession(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(d)
  stage.node(d).kill()
  stage.node(d).start()
  await stage.pass(5_000)
  stage.hold([d, r], [w, r], [r, w])
  const { id } = stage.pod(r)
  await stage.until('D has granted', () => stage.held('Grant', d, r).length > 0)
  stage.stop(id)
  await stage.until('W has heard of it', () => stage.sameRegisters(w, d))
  // W greets D and is greeted, but they do not come to compare notes.
  stage.hold([d, r], [r, d], [w, r], [r, w], [w, d, 'Summary', 'Delta', 'Digest'], [d, w, 'Digest'])
  stage.putBack(d)
  stage.lose()
  await stage.pass(10_000)
  stage.hold([d, r], [r, d], [w, d, 'Summary', 'Delta', 'Digest'], [d, w, 'Digest'])
  stage.lose()
  await stage.pass(25_000)
  stage.hold()
  stage.lose()
  await stage.pass(20_000)
}

t.test('who has met a later process of a database proves that it is a copy', async t => {
  t.equal(await play(olderSession), undefined)
})

t.test('without it the copy goes on until somebody compares notes with it', async t => {
  t.match(await play(olderSession, { without: ['superseded'] }), /^S[245]/)
})
