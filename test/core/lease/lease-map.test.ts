// The map against a list of one register for each address: merging, its laws, the hash, and what it costs.

import t from 'tap'
import { formatRange } from '../../../src/core/address-range.ts'
import { LeaseMap } from '../../../src/core/lease/lease-map.ts'
import { compareRegisters, type Register, type Run } from '../../../src/core/lease/register.ts'
import * as fc from '../../support/property.ts'
import { ip } from '../../support/samples.ts'
import { anyRuns, at, register, registersOf, run, universe } from './lease-samples.ts'

function merged(map: LeaseMap, runs: readonly Run[]): LeaseMap {
  map.apply(map.plan(runs))
  map.checkInvariants()
  return map
}

function mapOf(runs: readonly Run[]): LeaseMap {
  return merged(LeaseMap.of([]), runs)
}

/** Every address as a run of its own. */
function split(runs: readonly Run[]): Run[] {
  return runs.flatMap(({ start, end, register: one }) =>
    Array.from({ length: Number(end - start) }, (_, i) => ({
      start: at(Number(start - at(0)) + i),
      end: start + BigInt(i) + 1n,
      register: one
    }))
  )
}

/** The plainest thing that could be right. */
function maximum(runs: readonly Run[]): (Register | undefined)[] {
  return Array.from({ length: universe }, (_, i) => {
    const covering = runs.filter(({ start, end }) => start <= at(i) && at(i) < end)
    return covering
      .map(one => one.register)
      .toSorted(compareRegisters)
      .at(-1)
  })
}

t.test('planning and applying is the maximum of each address', async t => {
  fc.assert(
    fc.property(anyRuns, anyRuns, anyRuns, (first, second, third) => {
      const map = mapOf(first)
      merged(map, second)
      merged(map, third)
      t.same(registersOf(map), maximum([...first, ...second, ...third]))
    }),
    { numRuns: 1_000 }
  )
})

t.test('merging is commutative, associative and idempotent, however runs are cut', async t => {
  fc.assert(
    fc.property(anyRuns, anyRuns, anyRuns, (a, b, c) => {
      const expected = mapOf([...a, ...b, ...c])
      const orders = [
        [a, b, c],
        [c, b, a],
        [b, split(c), split(a)],
        [mapOf([...b, ...c]).runs(), a],
        [mapOf([...a, ...b]).runs(), split(c)],
        [a, b, c, a, split(b)]
      ]
      for (const order of orders) {
        const map = LeaseMap.of([])
        for (const runs of order) merged(map, runs)
        t.same(map.runs(), expected.runs())
        t.equal(map.hash(), expected.hash())
      }
    }),
    { numRuns: 500 }
  )
})

t.test('hashes are equal exactly where the content is', async () => {
  fc.assert(
    fc.property(anyRuns, anyRuns, (a, b) => {
      const [left, right] = [mapOf(a), mapOf(b)]
      const isSame = JSON.stringify(registersOf(left)) === JSON.stringify(registersOf(right))
      return (left.hash() === right.hash()) === isSame
    }),
    { numRuns: 2_000 }
  )
})

t.test('every field counts for the hash, and so does the place', async t => {
  const runs = [
    run(0, 4),
    run(0, 5),
    run(1, 4),
    run(0, 4, { fence: 2 }),
    run(0, 4, { seq: 1 }),
    run(0, 4, { owner: 2 }),
    run(0, 4, { writer: 2 }),
    run(0, 4, { wctr: 2 }),
    run(0, 4, { tail: '01' }),
    run(0, 4, { tail: '10' })
  ]
  const hashes = [...runs.map(one => LeaseMap.of([one]).hash()), LeaseMap.of([]).hash()]
  t.equal(new Set(hashes).size, runs.length + 1)
  for (const hash of hashes) t.match(hash, /^[0-9a-f]{16}$/)
})

t.test('a change names whole stored runs', async t => {
  const map = LeaseMap.of([run(0, 10), run(10, 5, { owner: 2 }), run(20, 2, { owner: 2 })])
  const middle = run(4, 2, { seq: 1, owner: 3 })
  t.same(map.plan([middle]), {
    removed: [run(0, 10)],
    added: [run(0, 4), middle, run(6, 4)]
  })
  t.same(map.plan([run(3, 4)]), { removed: [], added: [] }, 'nothing is newer')
  t.same(map.plan([]), { removed: [], added: [] })
  t.same(
    map.plan([run(15, 5, { owner: 2 })]),
    {
      removed: [run(10, 5, { owner: 2 }), run(20, 2, { owner: 2 })],
      added: [run(10, 12, { owner: 2 })]
    },
    'neighbours with the same register become one'
  )
  t.equal(registersOf(map)[4]?.seq, 0, 'planning changes nothing')
})

t.test('looking things up', async t => {
  const map = LeaseMap.of([run(5, 5, { owner: 2 }), run(0, 3), run(3, 1)])
  t.same(map.runs(), [run(0, 4), run(5, 5, { owner: 2 })], 'canonical')
  t.same(map.at(at(3)), register())
  t.equal(map.at(at(4)), undefined, 'nobody has custody')
  t.same(map.within({ start: at(2), end: at(7) }), [run(2, 2), run(5, 2, { owner: 2 })])
  t.same(map.within({ start: at(4), end: at(5) }), [])
  t.same([...map.ownedBy(2).ranges()].map(formatRange), ['0.0.0.5-0.0.0.9'])
  t.same(map.runsOf(1), [run(0, 4)])
})

t.test('what was read stays as it was read', async t => {
  const map = LeaseMap.of([run(0, 4)])
  const before = map.runs()
  merged(map, [run(1, 1, { seq: 1 })])
  t.same(before, [run(0, 4)])
})

t.test('mistakes of ours', async t => {
  const mistake = { code: 'ERR_ASSERTION' }
  t.throws(() => LeaseMap.of([run(0, 4), run(3, 1)]), mistake, 'runs that overlap')
  const map = LeaseMap.of([run(0, 4)])
  t.throws(() => map.apply({ removed: [run(0, 3)], added: [] }), mistake, 'not a stored run')
  t.throws(
    () => map.apply({ removed: [run(0, 4, { seq: 1 })], added: [] }),
    mistake,
    'not its register'
  )
  t.throws(() => map.apply({ removed: [], added: [run(2, 4)] }), mistake, 'over what stays')
  t.same(map.runs(), [run(0, 4)])
  map.checkInvariants()
})

t.test('a /64 is one run, and the ends of the line are addresses as well', async t => {
  const start = ip('fd00::')
  const wide: Run = { start, end: start + (1n << 64n), register: register() }
  const map = LeaseMap.of([wide])
  const one = { start: ip('fd00::7'), end: ip('fd00::8'), register: register({ seq: 1, owner: 2 }) }
  merged(map, [one])
  t.equal(map.runs().length, 3)
  t.equal(map.ownedBy(1).size, (1n << 64n) - 1n)
  const line: Run = { start: ip('::'), end: 1n << 128n, register: register({ seq: 5 }) }
  t.equal(merged(map, [line]).runs().length, 1)
})

t.test('ten thousand runs: a batch touches only what it meets', async t => {
  const map = LeaseMap.of(
    Array.from({ length: 10_000 }, (_, i) => run(2 * i, 1, { owner: 1 + (i % 9) }))
  )
  let touched = 0
  for (let i = 0; i < 1_000; i += 1) {
    const change = map.plan([run(20 * i, 1, { seq: 1, owner: 3 }), run(20 * i + 2, 1, { seq: 1 })])
    touched += change.removed.length
    map.apply(change)
  }
  map.checkInvariants()
  t.equal(touched, 2_000)
})
