// A member has a new process, and the last word of its greeting was lost: it believes the node that it has greeted,
// and that one goes on to speak to the process that is gone.

import t from 'tap'
import { play, type Stage } from '../../../scripts/sim/stage.ts'

async function lostGreeted(stage: Stage): Promise<void> {
  await stage.form()
  stage.node(0).powerOff()
  stage.hold([1, 0, 'Confirmed', 'Digest'])
  stage.node(0).powerOn()
  await stage.until('node 1 has confirmed', () => stage.held('Confirmed', 1, 0).length > 0)
  stage.node(1).kill()
  stage.hold([1, 0, 'Confirmed', 'Digest', 'Greeted'], [0, 1, 'Hello'])
  stage.node(1).start()
  await stage.until('node 1 has greeted', () => stage.held('Greeted', 1, 0).length > 0)
  stage.lose()
  // From here on nothing is lost but what node 1 would say unasked.
  stage.hold([1, 0, 'Digest'])
  await stage.until('node 0 serves', () => stage.serves(0))
}

t.test('who is spoken to as a process that is gone says who it is now', async t => {
  t.equal(await play(lostGreeted), undefined)
})
