// Histories of whole clusters under faults, from seeds: `npm run sim`. docs/simulator.md says how to read them.

import { parseArgs } from 'node:util'
import { allRules, type Rules } from '../src/core/lease/rules.ts'
import { type BatchResult, type Failure, rulesWithout } from './sim/batch.ts'
import { burst, burstSizes } from './sim/burst.ts'
import { Crew } from './sim/crew.ts'
import { planOf } from './sim/plan.ts'
import { profiles } from './sim/profiles.ts'
import { runPlan } from './sim/run.ts'
import { shrink } from './sim/shrink.ts'
import { storm } from './sim/storm.ts'

const usage = `npm run sim -- [--seeds N] [--profile NAME]... [--seed S] [--jobs J] [--without RULE] [--trace] [--burst] [--storm]

  --seeds N       histories of each profile (default 200)
  --profile NAME  ${Object.keys(profiles).join(', ')} (default all)
  --seed S        the first seed; without --seeds this history alone, with what explains a failure
  --jobs J        processes (default 2)
  --without RULE  with one rule of the protocol switched off: ${Object.keys(allRules).join(', ')}
  --trace         with --seed: every message
  --burst         1000 pods on exactly 1000 addresses, on 1 to 1,000 nodes, twice
  --storm         2,000 nodes that join, at once and over a minute
`

/** Below this a rare event may be missing by chance. */
const runsForCoverage = 200

class UsageError extends Error {}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string' },
      profile: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      without: { type: 'string' },
      trace: { type: 'boolean', default: false },
      burst: { type: 'boolean', default: false },
      storm: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const names = values.profile.length > 0 ? values.profile : Object.keys(profiles)
  for (const name of names) {
    if (profiles[name] === undefined) throw new UsageError(`there is no profile ${name}`)
  }
  if (values.without !== undefined && !(values.without in allRules)) {
    throw new UsageError(`there is no rule ${values.without}`)
  }
  const number = (name: string, text: string | undefined) => {
    const value = Number(text)
    if (text !== undefined && !Number.isSafeInteger(value)) {
      throw new UsageError(`--${name} must be a whole number, not ${text}`)
    }
    return text === undefined ? undefined : value
  }
  return {
    ...values,
    names,
    seeds: number('seeds', values.seeds),
    seed: number('seed', values.seed),
    jobs: number('jobs', values.jobs) ?? 2,
    without: values.without as keyof Rules | undefined
  }
}

type Options = ReturnType<typeof readOptions>

async function explain(profile: string, seed: number, options: Options): Promise<boolean> {
  const rules = rulesWithout(options.without)
  const plan = planOf(seed, profile)
  const whole = await runPlan(plan, rules, true)
  if (options.trace) for (const line of whole.trace) console.log(line)
  const { violation, hash, steps } = whole
  console.log(
    `${profile} ${seed}: ${steps} steps, trace ${hash}, ${violation?.text ?? 'all rules hold'}`
  )
  if (violation === undefined) {
    console.table(whole.coverage)
    return true
  }
  const smaller = await shrink(plan, rules, violation.rule)
  const shown = await runPlan(smaller, rules, true)
  const { events, nodes, confirm, loss, doubling, tail, healAt } = smaller
  console.log(`\nmade smaller, from ${plan.events.length} to ${events.length} events:`)
  console.log(JSON.stringify({ nodes, confirm, loss, doubling, tail, healAt }))
  for (const event of events) console.log(`  ${JSON.stringify(event)}`)
  console.log(`\n${shown.violation?.text}\n`)
  for (const line of shown.history) console.log(line)
  return false
}

function print(
  name: string,
  result: BatchResult,
  missing: readonly string[],
  seconds: number
): void {
  const { runs, steps, failures, coverage } = result
  const rate = `${Math.round((1_000 * seconds) / Math.max(1, runs))} ms each`
  const of = (what: string) => coverage[what] ?? 0
  console.log(
    `${name}: ${runs} histories (${rate}), ${steps} steps, ${of('ADDs')} ADDs, ${of('grants')} grants, ${failures.length} failed`
  )
  const shown = Object.entries(coverage).filter(([what]) => !what.startsWith('log: '))
  console.log(`  ${shown.map(([what, times]) => `${what} ${times}`).join(', ')}`)
  for (const { seed, text } of failures) console.log(`  seed ${seed}: ${firstLines(text)}`)
  if (missing.length > 0) console.log(`  never exercised: ${missing.join(', ')}`)
}

function firstLines(text: string): string {
  return text.split('\n').slice(0, 6).join('\n    ')
}

async function batches(options: Options): Promise<boolean> {
  const failed: { readonly profile: string; readonly failure: Failure }[] = []
  let isCovered = true
  using crew = new Crew(options.jobs)
  for (const profile of options.names) {
    const started = Date.now()
    const count = options.seeds ?? 200
    const { without, seed: from = 1 } = options
    const result = await crew.run({ profile, first: from, count, without })
    const known = new Set(Object.keys(result.coverage))
    const expected = count < runsForCoverage ? [] : (profiles[profile]?.covers ?? [])
    const missing = expected.filter(what => !known.has(what))
    print(profile, result, missing, (Date.now() - started) / 1_000)
    if (missing.length > 0) isCovered = false
    failed.push(...result.failures.map(failure => ({ profile, failure })))
  }
  const [first] = failed
  if (first !== undefined) {
    console.log('')
    await explain(first.profile, first.failure.seed, { ...options, trace: false })
  }
  return failed.length === 0 && isCovered
}

async function bursts(): Promise<boolean> {
  let isServed = true
  for (const nodes of burstSizes) {
    const { pods, ...rounds } = await burst(nodes)
    for (const which of ['first', 'again'] as const) {
      const { served, p50Ms, p99Ms, lastMs, asks, grants, messages, failed } = rounds[which]
      const waits = `waited ${p50Ms} ms, ${p99Ms} of 99 in 100, ${lastMs} at most`
      const costs = `${asks} requests, ${grants} grants, ${messages} messages, ${failed} tries failed`
      console.log(`${nodes} nodes, ${which}: ${served} of ${pods} pods ${waits}; ${costs}`)
      if (served < pods) isServed = false
    }
  }
  return isServed
}

async function storms(): Promise<boolean> {
  for (const withinMs of [2_000, 60_000]) console.log(await storm(2_000, withinMs))
  return true
}

async function sim(options: Options): Promise<number> {
  const { seed, seeds, names } = options
  if (options.burst) return (await bursts()) ? 0 : 1
  if (options.storm) return (await storms()) ? 0 : 1
  if (seed === undefined || seeds !== undefined) return (await batches(options)) ? 0 : 1
  let isFine = true
  for (const name of names) isFine = (await explain(name, seed, options)) && isFine
  return isFine ? 0 : 1
}

async function main(args: string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(args)
  } catch (error) {
    console.error(`sim: ${(error as Error).message}\n\n${usage}`)
    return 2
  }
  if (!options.help) return sim(options)
  console.log(usage)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
