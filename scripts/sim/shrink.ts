// Make a failing plan smaller: leave events out, halves first and single ones last, while the same rule is still
// broken.

import type { Rules } from '../../src/core/lease/rules.ts'
import type { Plan } from './plan.ts'
import { runPlan } from './run.ts'

/** Each attempt is a history. */
const attemptsMax = 400

export async function shrink(plan: Plan, rules: Rules, rule: string): Promise<Plan> {
  let best = plan
  let attemptsLeft = attemptsMax
  const takeIfItFails = async (candidate: Plan) => {
    attemptsLeft -= 1
    const { violation } = await runPlan(candidate, rules)
    const fails = violation?.rule === rule
    if (fails) best = candidate
    return fails
  }
  await takeIfItFails({ ...best, loss: 0, doubling: 0, tail: 0 })
  await takeIfItFails({ ...best, lostDels: 0 })
  for (const size of sizesFrom(best.events.length >> 1)) {
    let at = 0
    while (at < best.events.length) {
      if (attemptsLeft <= 0) return best
      const events = best.events.filter((_, i) => i < at || i >= at + size)
      if (!(await takeIfItFails({ ...best, events }))) at += size
    }
  }
  return best
}

/** Halves down to 1. */
function sizesFrom(size: number): number[] {
  return size < 1 ? [] : [size, ...sizesFrom(size >> 1)]
}
