// How much a donor gives, and which addresses.

import t from 'tap'
import { formatRange, parseRange } from '../../../src/core/address-range.ts'
import { AddressSet } from '../../../src/core/address-set.ts'
import {
  chooseRuns,
  type GrantInput,
  grantSize,
  isScarce,
  lowWater
} from '../../../src/core/lease/grant.ts'
import * as fc from '../../support/property.ts'
import { at } from './lease-samples.ts'

const plenty: GrantInput = {
  free: 1_000,
  waiting: 0,
  demand: 1,
  wish: 64,
  low: 2,
  estimatedFree: 10_000,
  members: 10,
  scarce: false
}

t.test('the size of a grant', async t => {
  const rows: [what: string, input: Partial<GrantInput>, size: number][] = [
    ['a block while there is plenty', {}, 16],
    ['a small wish does not make a small block', { wish: 5 }, 16],
    ['a wish below the need is no limit', { demand: 3, wish: 0, estimatedFree: 0 }, 3],
    ['no grant is larger than a block', { demand: 40 }, 16],
    ['a handful when there is less', { estimatedFree: 80 }, 5],
    ['exactly what waits when there is little', { demand: 3, estimatedFree: 19 }, 3],
    ['half of what the donor has', { free: 9 }, 5],
    ['more than half when more wait', { free: 9, demand: 8, estimatedFree: 0 }, 8],
    ['the last address for a pod', { free: 1, low: 16, scarce: true, estimatedFree: 1 }, 1],
    ['not what the own pods wait for', { free: 5, waiting: 3, demand: 4 }, 2],
    ['nothing when the own pods need it all', { free: 3, waiting: 3 }, 0],
    ['nothing of nothing', { free: 0 }, 0],
    ['stock: a block', { demand: 0 }, 16],
    ['stock: the donor keeps its own', { demand: 0, free: 12, low: 10 }, 2],
    ['stock: not below the low-water mark', { demand: 0, free: 10, low: 10 }, 0],
    ['stock: what is wished when there is little', { demand: 0, wish: 3, estimatedFree: 0 }, 3],
    ['stock: none when scarce', { demand: 0, scarce: true }, 0],
    ['nobody asked for anything', { demand: 0, wish: 0 }, 0],
    ['the estimate may be wrong', { members: 0, free: 4 }, 2]
  ]
  for (const [what, input, size] of rows) t.equal(grantSize({ ...plenty, ...input }), size, what)
})

t.test('need is always met with something, and never with what is not there', async t => {
  const count = fc.nat(60)
  const input = fc.record({
    free: count,
    waiting: count,
    demand: count,
    wish: count,
    low: fc.nat(16),
    estimatedFree: fc.nat(2_000),
    members: fc.nat(50),
    scarce: fc.boolean()
  })
  fc.assert(
    fc.property(input, one => {
      const size = grantSize(one)
      const spare = one.free - one.waiting
      t.ok(size >= 0 && size <= Math.max(0, spare))
      t.ok(size <= 16)
      if (one.demand > 0 && spare > 0) t.ok(size >= 1)
    }),
    { numRuns: 1_000 }
  )
})

t.test('when a pool is scarce', async t => {
  const pool = { estimatedFree: 400, members: 10, low: 4, total: 1_000 }
  t.equal(isScarce(pool), false)
  t.equal(isScarce({ ...pool, estimatedFree: 80, total: 800 }), false)
  t.equal(isScarce({ ...pool, estimatedFree: 79, total: 100 }), true, 'less than all stocks twice')
  t.equal(isScarce({ ...pool, estimatedFree: 399, total: 4_000 }), true, 'less than a tenth')
})

t.test('the low-water mark', async t => {
  t.same([0, 1, 2, 3, 3.2, 16, 200].map(lowWater), [2, 2, 2, 3, 4, 16, 16])
})

function candidates(...texts: string[]): AddressSet {
  return AddressSet.of(
    texts.map(text => {
      const range = parseRange(text)
      if ('problem' in range) throw new Error(range.problem)
      return range
    })
  )
}

t.test('which addresses', async t => {
  const rows: [what: string, from: AddressSet, size: number, chosen: string[]][] = [
    ['aligned', candidates('10.0.0.1-10.0.0.200'), 16, ['10.0.0.16-10.0.0.31']],
    [
      'from the smallest run that holds an aligned one',
      candidates('10.0.0.0-10.0.0.255', '10.0.1.4-10.0.1.11', '10.0.2.1-10.0.2.6'),
      4,
      ['10.0.1.4-10.0.1.7']
    ],
    [
      'of another length, aligned to the next power of two',
      candidates('10.0.0.3-10.0.0.40'),
      6,
      ['10.0.0.8-10.0.0.13']
    ],
    [
      'unaligned, from the smallest run that is long enough',
      candidates('10.0.0.1-10.0.0.7', '10.0.0.9-10.0.0.14', '10.0.0.17-10.0.0.18'),
      5,
      ['10.0.0.9-10.0.0.13']
    ],
    [
      'fragments, the largest first',
      candidates('10.0.0.1-10.0.0.2', '10.0.0.5-10.0.0.8', '10.0.0.10'),
      6,
      ['10.0.0.5-10.0.0.8', '10.0.0.1-10.0.0.2']
    ],
    [
      'four of them at most',
      candidates('10.0.0.1', '10.0.0.3', '10.0.0.5', '10.0.0.7', '10.0.0.9'),
      5,
      ['10.0.0.1', '10.0.0.3', '10.0.0.5', '10.0.0.7']
    ],
    [
      'the last fragment is cut',
      candidates('10.0.0.1-10.0.0.3', '10.0.0.5-10.0.0.7'),
      4,
      ['10.0.0.1-10.0.0.3', '10.0.0.5']
    ],
    ['one', candidates('10.0.0.1-10.0.0.9', '10.0.0.77'), 1, ['10.0.0.77']],
    ['of a /64', candidates('fd00::1-fd00::ffff:ffff:ffff:fffe'), 16, ['fd00::10-fd00::1f']],
    ['none', candidates('10.0.0.1'), 0, []],
    ['of none', AddressSet.empty, 4, []]
  ]
  for (const [what, from, size, chosen] of rows)
    t.same(chooseRuns(from, size).map(formatRange), chosen, what)
})

t.test('chosen addresses are candidates, and as many as can be', async t => {
  const anySet = fc
    .uniqueArray(fc.nat(40))
    .map(list => AddressSet.of(list.map(i => ({ start: at(i), end: at(i) + 1n }))))
  fc.assert(
    fc.property(anySet, fc.integer({ min: 1, max: 20 }), (set, size) => {
      const chosen = chooseRuns(set, size)
      const longest = [...set.ranges()].map(({ start, end }) => Number(end - start))
      const within = longest.toSorted((a, b) => b - a).slice(0, 4)
      const possible = within.reduce((sum, length) => sum + length, 0)
      t.ok(AddressSet.of(chosen).subtract(set).isEmpty)
      t.equal(AddressSet.of(chosen).size, BigInt(Math.min(size, possible)))
      if (within.some(length => length >= size)) t.equal(chosen.length, 1)
    }),
    { numRuns: 500 }
  )
})
