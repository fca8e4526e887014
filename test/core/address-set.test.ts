import t from 'tap'
import { type Address, ipv4Base } from '../../src/core/address.ts'
import { type AddressRange, formatRange } from '../../src/core/address-range.ts'
import { AddressSet, crossings } from '../../src/core/address-set.ts'
import * as fc from '../support/property.ts'

/** A universe of six bits around the place where IPv6 ends and IPv4 begins. */
const universe = Array.from({ length: 64 }, (_, i) => (ipv4Base - 32n + BigInt(i)) as Address)
const first = universe[0] as Address

function span(start: number, length: number): AddressRange {
  const low = first + BigInt(start)
  return { start: low as Address, end: low + BigInt(length) }
}

const anyRange = fc.tuple(fc.nat(63), fc.nat(63)).map(([start, length]) => {
  return span(start, 1 + (length % (64 - start)))
})
const anyRanges = fc.array(anyRange, { maxLength: 8 })

/** The same set as plain members. */
function model(ranges: readonly AddressRange[]): Set<bigint> {
  return new Set(universe.filter(one => ranges.some(r => one >= r.start && one < r.end)))
}

function agrees(set: AddressSet, expected: ReadonlySet<bigint>): boolean {
  const ranges = [...set.ranges()]
  const isCanonical = ranges.every(({ start, end }, i) => {
    const next = ranges[i + 1]
    return start < end && (next === undefined || end < next.start)
  })
  return (
    isCanonical &&
    set.size === BigInt(expected.size) &&
    set.isEmpty === (expected.size === 0) &&
    universe.every(one => set.has(one) === expected.has(one))
  )
}

t.test('a union of ranges has exactly their members', async () => {
  fc.assert(
    fc.property(anyRanges, ranges => agrees(AddressSet.of(ranges), model(ranges))),
    { numRuns: 2_000 }
  )
})

t.test('union, subtraction and intersection agree with plain sets', async () => {
  fc.assert(
    fc.property(anyRanges, anyRanges, (left, right) => {
      const [a, b] = [AddressSet.of(left), AddressSet.of(right)]
      const [x, y] = [model(left), model(right)]
      return (
        agrees(a.union(b), x.union(y)) &&
        agrees(a.subtract(b), x.difference(y)) &&
        agrees(a.intersect(b), x.intersection(y))
      )
    }),
    { numRuns: 5_000 }
  )
})

t.test('all pairs of subsets of a universe of four', async t => {
  const subset = (bits: number) =>
    AddressSet.of([0, 1, 2, 3].filter(i => bits & (1 << i)).map(i => span(i, 1)))
  const members = (bits: number) =>
    model([0, 1, 2, 3].filter(i => bits & (1 << i)).map(i => span(i, 1)))
  let wrong = 0
  for (let a = 0; a < 16; a += 1) {
    for (let b = 0; b < 16; b += 1) {
      if (!agrees(subset(a).union(subset(b)), members(a | b))) wrong += 1
      if (!agrees(subset(a).subtract(subset(b)), members(a & ~b))) wrong += 1
      if (!agrees(subset(a).intersect(subset(b)), members(a & b))) wrong += 1
    }
  }
  t.equal(wrong, 0)
})

t.test('size costs the same for the largest subnets', async t => {
  const all = AddressSet.of([{ start: 0n as Address, end: 1n << 128n }])
  t.equal(all.size, 1n << 128n)
  t.equal([...all.subtract(AddressSet.of([span(5, 1)])).ranges()].length, 2)
  t.equal(all.subtract(all).isEmpty, true)
})

t.test('ranges that touch become one', async t => {
  const set = AddressSet.of([span(40, 4), span(36, 4), span(36, 2)])
  t.same([...set.ranges()].map(formatRange), ['0.0.0.4-0.0.0.11'])
})

t.test('crossings counts the boundaries at or below a point', async t => {
  const boundaries = [2n, 4n, 4n, 9n]
  const counted = [1n, 2n, 3n, 4n, 8n, 9n, 10n].map(point => crossings(boundaries, point))
  t.same(counted, [0, 1, 1, 3, 3, 4, 4])
  t.equal(crossings([], 5n), 0)
})
