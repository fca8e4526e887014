// G6: as in forgotten.test.ts, but D has written as often again, and to others, when it is shown what it forgot: the
// register that it once wrote has a count that it has reached since.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

const [d, r, w, v] = [0, 1, 2, 3]

export async function countedOn(stage: Stage): Promise<void> {
  await stage.form()
  stage.backUp(d)
  const fromR = [
    [d, r],
    [w, r],
    [r, w],
    [r, v],
    [v, r]
  ] as const
  const fromV = [
    [d, v, 'Delta', 'Summary'],
    [w, v, 'Delta', 'Summary']
  ] as const
  stage.hold(...fromR, ...fromV)
  const { id } = stage.pod(r)
  await stage.until('D has granted', () => stage.held('Grant', d, r).length > 0)
  const [grant] = stage.held('Grant', d, r)
  stage.stop(id)
  await stage.until('W has heard of it', () => stage.sameRegisters(w, d))
  stage.putBack(d)
  stage.lose()
  const apart = [
    [d, w, 'Delta', 'Summary', 'Digest'],
    [w, d, 'Delta', 'Summary', 'Digest']
  ] as const
  stage.hold(...fromR, ...fromV, ...apart)
  const body = grant?.envelope.body
  const given = body?.type === 'Grant' ? body.runs[0]?.start : undefined
  const pods: ReturnType<Stage['pod']>[] = []
  const isUsed = () => pods.some(pod => pod.address() === given)
  while (!isUsed() && pods.length < 4) {
    pods.push(stage.pod(d))
    await stage.pass(200)
  }
  for (const pod of pods) if (pod.address() !== given) stage.stop(pod.id)
  const last = stage.pod(v)
  await stage.until('D has granted to V', () => last.address() !== undefined)
  stage.lose()
  stage.hold(...fromR)
  // W and D compare notes.
  await stage.pass(60_000)
  stage.lose()
  stage.hold([d, r])
  await stage.pass(60_000)
  stage.hold()
  await stage.pass(20_000)
}

t.test('who is shown a write of its own that it does not remember asks everybody', async t => {
  t.equal(await play(countedOn, { nodes: 4 }), undefined)
})
