// Seeds that failed once, each for the mistake it has found.

import t from 'tap'
import { planOf } from '../../scripts/sim/plan.ts'
import { runPlan } from '../../scripts/sim/run.ts'

const seeds = [
  ['wrong', 21, 'a process that died when it had just read of its removal never became another'],
  ['reclaim', 6, 'a question after a reboot took the place of an inheritance for ever'],
  ['mixed', 9, 'each ADD put off the deadline of those before it'],
  ['crash', 513, 'who asked for the head while the disk refused was never answered'],
  ['mixed', 32, 'a draining node gave away what still cooled down'],
  [
    'rollback',
    56_946,
    'an heir merged what a removed member had said after it had answered another'
  ],
  ['reclaim', 55_500, 'likewise, with the grant of a member that was removed during two rounds'],
  ['fixed', 1_076, 'told that it owned what it asked for, a node asked itself and granted it'],
  ['fixed', 537, 'an address that was asked for by name was given while nothing may be given'],
  [
    'reclaim',
    700_831,
    'who did not know yet that it was let in counted as one that has to have read'
  ],
  ['fixed', 920, 'who was spoken to as a process that was gone did not say so']
] as const

for (const [profile, seed, what] of seeds) {
  t.test(`${profile} ${seed}: ${what}`, async t => {
    const { violation } = await runPlan(planOf(seed, profile))
    t.equal(violation, undefined)
  })
}
