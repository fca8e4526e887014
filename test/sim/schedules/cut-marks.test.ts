// More registers than a message carries: what was cut off is sent the next time, since nobody's mark goes past it.

import t from 'tap'
import { Violation } from '../../../scripts/sim/judge.ts'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

/** As in src/actors/testimony.ts, and a few more. */
const writes = 2_048 + 100

export async function longDelta(stage: Stage): Promise<void> {
  await stage.form()
  stage.node(0).kill()
  scatter(stage, 0, 1)
  stage.node(0).start()
  try {
    await stage.until('all know the same', () => [1, 2].every(node => stage.sameRegisters(0, node)))
  } catch (error) {
    throw new Violation('V1', (error as Error).message)
  }
}

/** Every other address is passed on, each in a write of its own. */
function scatter(stage: Stage, node: number, to: number): void {
  const [writer, owner] = [stage.member(node), stage.member(to)]
  const every2nd = [...stage.node(node).disk.registers].filter((_, i) => i % 2 === 0)
  const passedOn = every2nd.map(
    ([address, before], i) =>
      [address, { ...before, seq: before.seq + 1, owner, writer, wctr: i + 1 }] as const
  )
  stage.forge(node, new Map(passedOn), [[writer, passedOn.length]])
}

const options = { addresses: 2 * writes }

t.test('a batch that was cut is continued', async t => {
  t.equal(await play(longDelta, options), undefined)
})

t.test('a mark past the cut hides the rest for ever', async t => {
  t.match(await play(longDelta, { ...options, without: ['cutMarks'] }), /^V1/)
})
