// G6: D has granted an address to R, who never got the message; W has heard of it. D's disk falls back to before
// it under a running machine, so nobody is asked. W tells D what it knows, and R later.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, r, w] = [0, 1, 2]

export async function shownLater(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(d)
  stage.hold([d, r], [w, r], [r, w])
  const { id } = stage.pod(r)
  await stage.until('D has granted', () => stage.held('Grant', d, r).length > 0)
  stage.stop(id)
  await stage.until('W has heard of it', () => stage.sameRegisters(w, d))
  stage.putBack(d)
  stage.lose()
  // W and D compare notes.
  await stage.pass(25_000)
  stage.lose()
  stage.hold([d, r])
  await stage.pass(20_000)
  stage.hold()
  await stage.pass(20_000)
}

t.test('who is shown what it gave away and does not remember stops', async t => {
  t.equal(await play(shownLater), undefined)
})

t.test('without it the address that it keeps becomes a gift to another', async t => {
  t.match(await play(shownLater, { without: ['forgotten'] }), /^S[245]/)
})
