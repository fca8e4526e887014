// Y has an address of D and passes it on to R. Y's disk falls back to before either, and R loses its own under a living
// pod. What Y asks about is nothing that it has forgotten; what it once acknowledged to D is.

import t from 'tap'
import { Violation } from '../../../scripts/sim/judge.ts'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, y, r] = [0, 1, 2]

export async function unlisted(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(y)
  const secret = ['Delta', 'Summary', 'Digest'] as const
  stage.hold([y, d, ...secret], [r, d, 'Ask', ...secret])
  const first = stage.pod(y)
  await stage.until('Y has an address of D', () => first.address() !== undefined)
  stage.stop(first.id)
  const second = stage.pod(r)
  await stage.until('R has it from Y', () => second.address() !== undefined)
  stage.rollBack(y)
  // The new incarnation of R asks for its pod's address by name; that is slow.
  stage.lose()
  stage.loseDisk(r)
  stage.hold([r, d, 'Ask', ...secret], [r, y, 'Ask', ...secret])
  stage.node(y).powerOn()
  await stage.pass(25_000)
  for (let i = 0; i < 4; i += 1) stage.pod(y)
  await stage.pass(10_000)
  stage.hold()
  await stage.pass(20_000)
}

t.test('whoever confirms says what the asker acknowledged and does not name', async t => {
  t.equal(await play(unlisted), undefined)
})

t.test('without it two living pods have the address', async t => {
  t.match(await play(unlisted, { without: ['confirmGiven'] }), /^S1/)
})

/** As above, but nothing is lost: Y is switched off and on again, and D has not heard what became of its grant. */
export async function passedOn(stage: Stage): Promise<void> {
  await stage.form()
  const secret = ['Delta', 'Summary', 'Digest'] as const
  stage.hold([y, d, ...secret], [r, d, 'Ask', ...secret])
  const first = stage.pod(y)
  await stage.until('Y has an address of D', () => first.address() !== undefined)
  stage.stop(first.id)
  const second = stage.pod(r)
  await stage.until('R has it from Y', () => second.address() !== undefined)
  const { incarnation } = stage.node(y).disk
  stage.lose()
  stage.node(y).powerOff()
  await stage.pass(1_000)
  stage.node(y).powerOn()
  await stage.until('Y serves again', () => stage.serves(y))
  if (stage.node(y).disk.incarnation !== incarnation) {
    throw new Violation('V4', 'Y took itself for forgetful')
  }
  stage.hold()
  await stage.pass(20_000)
}

t.test('what it has passed on since, and remembers, proves nothing', async t => {
  t.equal(await play(passedOn), undefined)
})

t.test('without that, a node that was switched off is another one afterwards', async t => {
  t.match(await play(passedOn, { without: ['confirmNews'] }), /^V4/)
})
