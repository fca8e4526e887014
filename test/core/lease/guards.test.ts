// What a node takes from others about addresses, above all about its own.

import t from 'tap'
import { contestsMax, judge } from '../../../src/core/lease/guards.ts'
import { LeaseMap } from '../../../src/core/lease/lease-map.ts'
import {
  compareKeys,
  type Register,
  retired,
  sameRegister
} from '../../../src/core/lease/register.ts'
import * as fc from '../../support/property.ts'
import { anyRuns, at, register, registersOf, run, universe } from './lease-samples.ts'

const me = 1
const everybody = () => true
// By content: a gift of the very register that a neighbouring run holds makes one run of the two.
const isSame = (a: Register | undefined, b: Register | undefined) =>
  a === undefined || b === undefined ? a === b : sameRegister(a, b)
const nothing = { accepted: [], gifts: [], forgotten: [], contests: [], refused: [] }

t.test('one incoming run for each guard', async t => {
  const mine = { owner: me, writer: 2, seq: 1 }
  const others = { owner: 2, writer: 2, seq: 1 }
  const rows = [
    {
      what: 'news about others',
      held: others,
      said: { owner: 3, writer: 2, seq: 2 },
      in: ['accepted']
    },
    { what: 'old news', held: others, said: { owner: 3, writer: 3, seq: 0 }, in: [] },
    { what: 'the same again', held: others, said: others, in: [] },
    {
      what: 'a gift',
      held: others,
      said: { owner: me, writer: 2, seq: 2 },
      in: ['accepted', 'gifts']
    },
    {
      what: 'own and newer',
      held: mine,
      said: { owner: me, writer: 3, seq: 2 },
      in: ['accepted', 'gifts']
    },
    { what: 'own and gone', held: mine, said: { owner: 3, writer: 3, seq: 2 }, in: ['forgotten'] },
    { what: 'own and old', held: mine, said: { owner: 3, writer: 3, seq: 0 }, in: [] },
    {
      what: 'written here',
      held: others,
      said: { owner: 3, writer: me, seq: 2 },
      in: ['forgotten']
    },
    { what: 'owner unknown', held: others, said: { owner: 9, writer: 2, seq: 2 }, in: ['refused'] },
    {
      what: 'writer unknown',
      held: others,
      said: { owner: me, writer: 9, seq: 2 },
      in: ['refused']
    },
    {
      what: 'retired',
      held: others,
      said: { owner: retired, writer: 2, seq: 2 },
      in: ['accepted']
    },
    {
      what: 'another claim on mine',
      held: mine,
      said: { owner: 3, writer: 3, seq: 1 },
      in: ['contests']
    },
    {
      what: 'a claim for me',
      held: others,
      said: { owner: me, writer: 3, seq: 1 },
      in: ['contests']
    },
    { what: 'less claimed', held: others, said: { owner: 2, writer: 0, seq: 1 }, in: ['contests'] },
    {
      what: 'more claimed, between others',
      held: others,
      said: { owner: 3, writer: 3, seq: 1 },
      in: ['accepted', 'contests']
    }
  ]
  for (const { what, held, said, in: places } of rows) {
    const verdict = judge(LeaseMap.of([run(4, 1, held)]), [run(4, 1, said)], me, m => m < 9)
    const found = Object.entries(verdict).filter(([, list]) => list.length > 0)
    t.same(
      found.map(([name]) => name),
      places,
      what
    )
  }
})

t.test('an incoming run is cut where what is held changes', async t => {
  const map = LeaseMap.of([run(2, 2, { owner: me }), run(4, 2, { owner: 2, seq: 3 })])
  const said = { owner: 3, writer: 3, seq: 1 }
  t.same(judge(map, [run(0, 8, said)], me, everybody), {
    ...nothing,
    accepted: [run(0, 2, said), run(6, 2, said)],
    forgotten: [run(2, 2, said)]
  })
})

t.test('claims of one key are listed the preferred one first, and only so many', async t => {
  const held = { owner: 2, writer: 2 }
  const said = { owner: 3, writer: 3 }
  const map = LeaseMap.of([run(0, 5_000, held)])
  const { contests, accepted } = judge(map, [run(0, 2, said)], me, everybody)
  const claims = [register(said), register(held)]
  t.same(contests, [
    { address: at(0), claims },
    { address: at(1), claims }
  ])
  t.same(accepted, [run(0, 2, said)], 'bystanders agree on one of them')
  const many = judge(map, [run(0, 5_000, said)], me, everybody)
  t.equal(many.contests.length, contestsMax)
  t.equal(judge(map, [run(0, 5_000, held)], me, everybody).contests.length, 0)
})

t.test('who is no member owns nothing and has written nothing', async t => {
  const map = LeaseMap.of([run(0, 2, { owner: retired, writer: retired })])
  const said = [
    run(0, 1, { owner: 2, seq: 1, writer: retired }),
    run(1, 1, { owner: retired, seq: 1 })
  ]
  t.same(judge(map, said, retired, everybody), { ...nothing, accepted: said })
})

t.test('of own addresses nothing is accepted but gifts', async t => {
  fc.assert(
    fc.property(anyRuns, anyRuns, (first, second) => {
      const map = LeaseMap.of([])
      map.apply(map.plan(first))
      const before = registersOf(map)
      const { accepted, gifts } = judge(map, second, me, m => m !== 3)
      const isGift = (i: number) => gifts.some(({ start, end }) => start <= at(i) && at(i) < end)
      map.apply(map.plan(accepted))
      for (const [i, after] of registersOf(map).entries()) {
        const held = before[i]
        if (held?.owner === me) {
          t.equal(after?.owner, me)
          t.ok(isSame(after, held) || isGift(i), 'changed by a gift only')
        }
        if (after?.owner === me && held?.owner !== me) t.ok(isGift(i), 'gained by a gift only')
        if (isGift(i)) t.ok(after?.owner === me, 'a gift is what is owned afterwards')
        if (!isSame(after, held)) t.notMatch([after?.owner, after?.writer], [3], 'not by strangers')
      }
    }),
    { numRuns: 1_000 }
  )
})

t.test('what is newer is accepted, a loss that is remembered by nobody, or refused', async t => {
  fc.assert(
    fc.property(anyRuns, anyRuns, (first, second) => {
      const map = LeaseMap.of([])
      map.apply(map.plan(first))
      const verdict = judge(map, second, me, m => m !== 3)
      const listed = [...verdict.accepted, ...verdict.forgotten, ...verdict.refused]
      for (let i = 0; i < universe; i += 1) {
        const held = map.at(at(i))
        const isThere = ({ start, end }: { start: bigint; end: bigint }) =>
          start <= at(i) && at(i) < end
        const isNews = second.some(
          one => isThere(one) && (held === undefined || compareKeys(one.register, held) > 0)
        )
        if (isNews) t.ok(listed.some(isThere))
      }
    }),
    { numRuns: 500 }
  )
})
