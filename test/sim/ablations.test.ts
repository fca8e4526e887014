// A guard that nothing misses is not tested: without each of these some history or schedule must fail, and with
// all rules none of those does.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type TAP as Tap } from 'tap'
import { allRules } from '../../src/core/lease/rules.ts'
import { ablations, type Catch } from '../../scripts/sim/ablations.ts'
import { runBatch } from '../../scripts/sim/batch.ts'

t.test('every rule is accounted for', async t => {
  t.same(Object.keys(ablations).sort(), Object.keys(allRules).sort())
})

for (const [name, caught] of Object.entries(ablations)) {
  const rule = name as keyof typeof allRules
  t.test(`${rule} is missed`, async t => {
    if (caught.by === 'schedule') return isPlayed(t, rule, caught)
    const { profile, seeds: count } = caught
    const options = { profile, first: 1, count, stops: true } as const
    const { failures } = await runBatch({ ...options, without: rule })
    t.equal(failures.length, 1, 'a history fails without it')
    const seed = failures[0]?.seed ?? 0
    t.same((await runBatch({ profile, first: seed, count: 1 })).failures, [], 'and not with it')
  })
}

/** The schedule itself is a test of its own. */
function isPlayed(
  t: Pick<Tap, 'ok' | 'match'>,
  rule: string,
  { file, together = [] }: Extract<Catch, { by: 'schedule' }>
): void {
  const path = join(import.meta.dirname, 'schedules', `${file}.test.ts`)
  t.ok(existsSync(path), `${file} exists`)
  const text = readFileSync(path, 'utf8')
  for (const one of [rule, ...together]) t.match(text, `'${one}'`, `it switches ${one} off`)
}
