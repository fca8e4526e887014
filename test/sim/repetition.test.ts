// One seed is one history: whatever breaks this makes every failure that the simulator finds worthless.

import t from 'tap'
import { Agenda } from '../../scripts/sim/agenda.ts'
import { Chance } from '../../scripts/sim/chance.ts'
import { planOf } from '../../scripts/sim/plan.ts'
import { profiles } from '../../scripts/sim/profiles.ts'
import { runPlan } from '../../scripts/sim/run.ts'

t.test('the same seed gives the same history', async t => {
  const hashes = new Set<string>()
  for (const profile of Object.keys(profiles)) {
    for (const seed of [11, 12, 13]) {
      const [first, second] = [
        await runPlan(planOf(seed, profile)),
        await runPlan(planOf(seed, profile))
      ]
      t.equal(first.hash, second.hash, `${profile} ${seed}`)
      hashes.add(first.hash)
    }
  }
  t.equal(hashes.size, 3 * Object.keys(profiles).length, 'and others give others')
})

t.test('to look at a history does not change it', async t => {
  const plan = planOf(5, 'mixed')
  t.equal((await runPlan(plan)).hash, (await runPlan(plan, undefined, true)).hash)
})

t.test('streams of chance do not disturb one another', async t => {
  const [a, b, c] = [new Chance(1, 'a'), new Chance(1, 'a'), new Chance(1, 'b')]
  const draws = Array.from({ length: 100 }, () => [a.next(), c.next()] as const)
  t.same(
    draws.map(([one]) => one),
    Array.from({ length: 100 }, () => b.next())
  )
  t.ok(draws.every(([one, other]) => one !== other && one >= 0 && one < 1))
  t.match(a.hex(16), /^[0-9a-f]{32}$/)
})

t.test('events come in the order of time, and not after they were prevented', async t => {
  const agenda = new Agenda(new Chance(1, 'agenda'))
  const seen: number[] = []
  const prevent: (() => void)[] = []
  for (const at of [5, 1, 4, 2, 3, 9, 8, 7, 6]) {
    prevent[at] = agenda.after(at, () => seen.push(at))
  }
  prevent[4]?.()
  while (agenda.step(7));
  t.same(seen, [1, 2, 3, 5, 6, 7])
  t.equal(agenda.now, 7)
})
