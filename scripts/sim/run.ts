// One history from its seed, or from a plan that was made smaller: how it ended and what it exercised.

import { allRules, type Rules } from '../../src/core/lease/rules.ts'
import { finale } from './finale.ts'
import { Violation } from './judge.ts'
import { Operator } from './operator.ts'
import type { Plan } from './plan.ts'
import { World } from './world.ts'

export interface Outcome {
  /** Undefined: all rules held. */
  readonly violation: { readonly rule: string; readonly text: string } | undefined
  readonly steps: number
  /** Virtual milliseconds. */
  readonly lasted: number
  /** Equal for equal histories. */
  readonly hash: string
  readonly coverage: Readonly<Record<string, number>>
  /** What people look at, where it was asked for. */
  readonly trace: readonly string[]
  readonly history: readonly string[]
}

export async function runPlan(
  plan: Plan,
  rules: Rules = allRules,
  keepsTrace = false
): Promise<Outcome> {
  const world = new World({ plan, rules, keepsTrace })
  const operator = new Operator(world)
  const violation = await judged(async () => {
    operator.schedule()
    world.start()
    await world.runUntil(plan.healAt)
    operator.heal()
    await finale(world)
  })
  world.close()
  return {
    violation: violation && { rule: violation.rule, text: violation.message },
    steps: world.steps,
    lasted: world.now,
    hash: world.trace.hash,
    coverage: { ...world.coverage.entries(), doubles: world.judge.doubles },
    trace: world.trace.lines,
    history: violation === undefined ? [] : world.history.about(violation.message)
  }
}

async function judged(run: () => Promise<void>): Promise<Violation | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    if (error instanceof Violation) return error
    throw error
  }
}
