// W's grant to R is lost, and R is off. X is removed; its heir G has heard W, and waits for R. W is removed too, and
// G tells W's heir H what it knows. Then R is back: both rounds end, and G takes over what W had told it.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [w, x, g, h, r] = [0, 1, 2, 3, 4]

export async function testimonyAtOnce(stage: Stage): Promise<void> {
  await stage.form()
  const first = stage.pod(x)
  await stage.until('X has an address of W', () => first.address() !== undefined)
  stage.stop(first.id)
  // It owns that address, and G will have to ask.
  await stage.until('G has heard of it', () => stage.sameRegisters(w, g))
  const secret = ['Delta', 'Summary'] as const
  const pairs = (a: number, b: number) =>
    [
      [a, b, ...secret],
      [b, a, ...secret]
    ] as const
  const apart = [...pairs(w, g), ...pairs(w, h), ...pairs(w, x), ...pairs(g, h), ...pairs(h, r)]
  stage.hold(...apart, ...pairs(g, r), ...pairs(w, r), [w, r, 'Grant'])
  const { id } = stage.pod(r)
  await stage.until('W has granted', () => stage.held('Grant', w, r).length > 0)
  stage.stop(id)
  stage.node(r).powerOff()
  stage.node(x).powerOff()
  stage.remove(x, g)
  await stage.until('G has read of it', () => stage.hasReadAll(g))
  // G hears W and H; R is off.
  await stage.pass(5_000)
  stage.node(w).powerOff()
  stage.lose()
  stage.remove(w, h)
  await stage.until('G and H have read of it', () => stage.hasReadAll(g) && stage.hasReadAll(h))
  await stage.pass(5_000)
  stage.node(r).powerOn()
  await stage.pass(20_000)
  // Now G tells R of its address, before H does.
  stage.lose()
  stage.hold(...apart)
  await stage.pass(30_000)
  stage.hold()
  stage.lose()
  await stage.pass(30_000)
}

t.test('who has answered an heir learns nothing more of the removed member', async t => {
  t.equal(await play(testimonyAtOnce, { nodes: 5 }), undefined)
})

t.test('with testimony that is put off two nodes own the address', async t => {
  t.match(await play(testimonyAtOnce, { nodes: 5, without: ['testimonyAtOnce'] }), /^S[245]/)
})
