// Many histories of one profile: what they exercised and what failed.

import { allRules, type Rules } from '../../src/core/lease/rules.ts'
import { Coverage } from './coverage.ts'
import { planOf } from './plan.ts'
import { runPlan } from './run.ts'

/** Further failures tell little that the first ones did not. */
const failuresMax = 20

export interface BatchOptions {
  readonly profile: string
  readonly first: number
  readonly count: number
  /** Take every so many seeds. */
  readonly stride?: number
  readonly without?: keyof Rules | undefined
  /** End with the first failure. */
  readonly stops?: boolean
}

export interface Failure {
  readonly seed: number
  readonly rule: string
  readonly text: string
}

export interface BatchResult {
  readonly runs: number
  readonly steps: number
  readonly failures: readonly Failure[]
  readonly coverage: Readonly<Record<string, number>>
}

export function rulesWithout(rule: keyof Rules | undefined): Rules {
  return rule === undefined ? allRules : { ...allRules, [rule]: false }
}

export async function runBatch(options: BatchOptions): Promise<BatchResult> {
  const { profile, first, count, stride = 1, without, stops = false } = options
  const rules = rulesWithout(without)
  const coverage = new Coverage()
  const failures: Failure[] = []
  let [runs, steps] = [0, 0]
  for (let i = 0; i < count && failures.length < failuresMax; i += 1) {
    const seed = first + i * stride
    const outcome = await runPlan(planOf(seed, profile), rules)
    runs += 1
    steps += outcome.steps
    coverage.add(outcome.coverage)
    if (outcome.violation === undefined) continue
    failures.push({ seed, ...outcome.violation })
    if (stops) break
  }
  return { runs, steps, failures, coverage: coverage.entries() }
}
