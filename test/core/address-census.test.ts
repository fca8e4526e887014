// Every address of a subnet in its place exactly once, whatever is known of it, and however it is paged.

import t from 'tap'
import { type Address, parseAddress, toAddress } from '../../src/core/address.ts'
import { type CensusParts, type Story, takeCensus } from '../../src/core/address-census.ts'
import { AddressSet } from '../../src/core/address-set.ts'
import { parseCidr } from '../../src/core/cidr.ts'
import type { Run } from '../../src/core/lease/register.ts'
import * as fc from '../support/property.ts'

const base = parseAddress('10.9.0.0') as Address
const register = { fence: 1, seq: 0, writer: 1, wctr: 1, tail: '' }
const at = (n: number) => toAddress(base + BigInt(n))
const run = (from: number, to: number, owner: number): Run => ({
  ...{ start: at(from), end: at(to) },
  register: { ...register, owner }
})

function within(text: string) {
  const cidr = parseCidr(text)
  if ('problem' in cidr) throw new Error(cidr.problem)
  return cidr.range
}

const pool = (name: string, ...ranges: [number, number][]) => ({
  name,
  usable: AddressSet.of(ranges.map(([from, to]) => ({ start: at(from), end: at(to) })))
})

function parts(over: Partial<CensusParts> = {}): CensusParts {
  return {
    within: within('10.9.0.0/28'),
    me: 1,
    runs: [run(0, 8, 1), run(8, 12, 2), run(12, 13, 0)],
    pools: [pool('blue', [2, 7], [9, 15])],
    reserved: AddressSet.of([{ start: at(0), end: at(1) }]),
    stories: new Map(),
    ...over
  }
}

function told(given: CensusParts, limit = 100) {
  const { stretches } = takeCensus(given, { from: given.within.start, limit, wants: () => true })
  return stretches.map(({ start, end, state, pool: name }) =>
    [Number(start - base), Number(end - base), state, ...(name === undefined ? [] : [name])].join(
      ' '
    )
  )
}

t.test('stretches that are alike', async t => {
  t.same(told(parts()), [
    '0 1 reserved',
    '1 2 outside',
    '2 7 free blue',
    '7 8 outside',
    '8 9 outside',
    '9 12 held blue',
    '12 13 retired blue',
    '13 15 unclaimed blue',
    '15 16 outside'
  ])
  t.same(
    told(parts({ me: undefined, runs: [] })).at(2),
    '2 7 unclaimed blue',
    'before it has joined'
  )
})

t.test('addresses with a story of their own', async t => {
  const stories = new Map<Address, Story>([
    [at(3), { state: 'used', holder: 'net/c1/eth0', pool: 'blue' }],
    [at(4), { state: 'cooling', pool: 'blue', sinceMs: 5 }],
    [at(10), { state: 'used', holder: 'net/c2/eth0', pool: 'red', keptFor: 'web' }],
    [at(5), { state: 'kept', keptFor: 'db' }],
    [at(11), { state: 'kept', keptFor: 'db' }]
  ])
  const lines = told(parts({ stories }))
  t.same(lines.slice(2, 7), [
    '2 3 free blue',
    '3 4 used blue',
    '4 5 cooling blue',
    '5 6 kept blue',
    '6 7 free blue'
  ])
  t.ok(lines.includes('10 11 used red'), 'also where another node has custody')
  t.ok(lines.includes('11 12 kept blue'), 'whoever keeps it')
})

t.test('a subnet that nobody could count through', async t => {
  const wide = within('fd00::/64')
  const stories = new Map<Address, Story>([
    [toAddress(wide.end - 1n), { state: 'used', holder: 'net/c1/eth0' }]
  ])
  const runs: Run[] = [{ ...wide, register: { ...register, owner: 1 } }]
  const pools = [{ name: 'wide', usable: AddressSet.of([wide]) }]
  const { stretches, next } = takeCensus(
    { within: wide, me: 1, runs, pools, reserved: AddressSet.empty, stories },
    { from: wide.start, limit: 10, wants: () => true }
  )
  t.match(stretches, [{ state: 'free' }, { state: 'used' }])
  t.equal(next, undefined)
})

t.test('pages join to the whole, each address once', async () => {
  const place = fc.integer({ min: 0, max: 255 })
  const states = fc.constantFrom('used', 'cooling', 'kept', 'contested', 'quarantined')
  fc.assert(
    fc.property(
      fc.uniqueArray(place, { maxLength: 12 }),
      fc.uniqueArray(place, { maxLength: 8 }),
      fc.dictionary(place.map(String), states, { maxKeys: 20 }),
      fc.integer({ min: 1, max: 7 }),
      (cuts, ends, single, limit) => {
        const sorted = cuts.toSorted((a, b) => a - b)
        const runs = sorted
          .slice(1)
          .flatMap((to, i) => (i % 3 === 2 ? [] : [run(sorted[i] ?? 0, to, i % 3)]))
        const bounds = ends.toSorted((a, b) => a - b)
        const ranges = bounds
          .slice(1)
          .flatMap((to, i): [number, number][] => (i % 2 === 0 ? [[bounds[i] ?? 0, to]] : []))
        const stories = new Map(
          Object.entries(single).map(([n, state]) => [at(Number(n)), { state }] as const)
        )
        const given = parts({
          within: within('10.9.0.0/24'),
          runs,
          pools: [pool('p', ...ranges)],
          stories
        })
        const whole = told(given, 1_000)
        const paged: string[] = []
        let from: Address | undefined = given.within.start
        let reached: bigint = from
        while (from !== undefined) {
          const page = takeCensus(given, { from, limit, wants: () => true })
          for (const { start, end } of page.stretches) {
            if (start !== reached) return false
            reached = end
          }
          paged.push(...told({ ...given, within: { start: from, end: reached } }, 1_000))
          from = page.next
        }
        return reached === given.within.end && paged.join() === whole.join()
      }
    )
  )
})

t.test('what is looked for is found behind many others', async t => {
  const wide = within('10.0.0.0/8')
  const many = Array.from({ length: 40_000 }, (_, i) => toAddress(wide.start + BigInt(2 * i)))
  const stories = new Map<Address, Story>(many.map(one => [one, { state: 'cooling' }]))
  stories.set(toAddress(wide.start + 79_999n), { state: 'used' })
  const given = { within: wide, me: 1, runs: [], pools: [], reserved: AddressSet.empty, stories }
  const found: string[] = []
  let [from, rounds]: [Address | undefined, number] = [wide.start, 0]
  while (from !== undefined) {
    const page = takeCensus(given, { from, limit: 5, wants: ({ state }) => state === 'used' })
    found.push(...page.stretches.map(({ state }) => state))
    from = page.next
    rounds += 1
  }
  t.same(found, ['used'])
  t.ok(rounds > 1 && rounds < 10, 'in a few answers of limited length')
})
