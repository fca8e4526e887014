import t from 'tap'
import { formatRange } from '../../src/core/address-range.ts'
import { problemText, type PoolDocument } from '../../src/core/pool-document.ts'
import { buildPoolSet, emptyPoolSet, type PoolSet } from '../../src/core/pool-set.ts'
import * as fc from '../support/property.ts'

type Spec = Readonly<Record<string, unknown>>

function pool(name: string, ips: string | readonly string[], more: Spec = {}): PoolDocument {
  const spec = { subnet: '10.6.0.0/24', ips: [ips].flat(), ...more }
  return {
    kind: 'SpiderIPPool',
    name,
    spec,
    source: `${name}.yaml, document 1`,
    file: `/p/${name}.yaml`
  }
}

function reserved(name: string, ...ips: string[]): PoolDocument {
  const source = `${name}.yaml, document 1`
  return { kind: 'SpiderReservedIP', name, spec: { ips }, source, file: `/p/${name}.yaml` }
}

/** `name ranges` of every pool, in order. */
function shown({ pools }: PoolSet): string[] {
  return [...pools].map(([name, { usable }]) =>
    [name, ...[...usable.ranges()].map(formatRange)].join(' ')
  )
}

function problems(set: PoolSet): string[] {
  return set.problems.map(problemText)
}

const good = [pool('a', '10.6.0.1-10.6.0.10'), pool('b', '10.6.0.11-10.6.0.20')]
const before = buildPoolSet(good, undefined)

t.test('pools come in the order of their documents', async t => {
  t.same(shown(before), ['a 10.6.0.1-10.6.0.10', 'b 10.6.0.11-10.6.0.20'])
  t.same(shown(buildPoolSet(good.toReversed(), before)).length, 2)
  t.same([...buildPoolSet(good.toReversed(), before).pools.keys()], ['b', 'a'])
  t.same(before.problems, [])
})

t.test('a pool that is gone is gone', async t => {
  t.same(shown(buildPoolSet(good.slice(1), before)), ['b 10.6.0.11-10.6.0.20'])
  t.same(shown(buildPoolSet([], before)), [])
})

t.test('documents that cannot be together', async t => {
  const other = (subnet: string) => ({ subnet, gateway: undefined })
  const rows: [PoolDocument[], string[], RegExp | undefined, string][] = [
    [
      [pool('a', '10.6.0.1'), { ...pool('a', '10.6.0.2'), source: 'z.yaml, document 3' }],
      ['a 10.6.0.1'],
      /^z\.yaml, document 3 \(a\): metadata\.name: a\.yaml, document 1 is a SpiderIPPool of this name/,
      'the second of a name is refused'
    ],
    [
      [pool('a', '10.6.0.1-10.6.0.9'), pool('b', ['10.6.0.20', '10.6.0.9'])],
      ['a 10.6.0.1-10.6.0.9'],
      /^b\.yaml, document 1 \(b\): spec\.ips: "10\.6\.0\.9" belongs to pool a \(a\.yaml/,
      'ranges overlap in one subnet'
    ],
    [
      [pool('a', '10.6.0.1-10.6.0.9', { excludeIPs: ['10.6.0.9'] }), pool('b', '10.6.0.9')],
      ['a 10.6.0.1-10.6.0.8', 'b 10.6.0.9'],
      undefined,
      'excluded addresses are free for others'
    ],
    [
      [pool('a', '10.6.0.1'), pool('b', [], other('10.6.0.0/25'))],
      ['a 10.6.0.1'],
      /\(b\): spec\.subnet: "10\.6\.0\.0\/25" overlaps 10\.6\.0\.0\/24 of pool a/,
      'different subnets overlap, even without an address in common'
    ],
    [
      [pool('a', '10.6.0.1'), pool('b', '10.7.0.1', other('10.7.0.0/24'))],
      ['a 10.6.0.1', 'b 10.7.0.1'],
      undefined,
      'different subnets apart'
    ],
    [
      [pool('a', 'fd00::1', other('fd00::/64')), pool('b', '10.6.0.1')],
      ['a fd00::1', 'b 10.6.0.1'],
      undefined,
      'two families'
    ],
    [
      [pool('a', '10.6.0.1'), { ...reserved('a', '10.6.0.2'), source: 'r.yaml, document 1' }],
      ['a 10.6.0.1'],
      undefined,
      'kinds have names of their own'
    ],
    [
      [pool('x', '10.6.0.1', { gateway: 'x' }), pool('y', '10.6.0.1')],
      ['y 10.6.0.1'],
      /\(x\): spec\.gateway/,
      'who is refused takes nothing from others'
    ],
    [
      [pool('a', '10.6.0.1'), pool('b', '10.6.0.1-10.6.0.2'), pool('c', '10.6.0.2')],
      ['a 10.6.0.1', 'c 10.6.0.2'],
      /\(b\): spec\.ips: "10\.6\.0\.1" belongs to pool a/,
      'who conflicts takes nothing from others'
    ]
  ]
  for (const [documents, expected, problem, why] of rows) {
    const set = buildPoolSet(documents, undefined)
    t.same(shown(set), expected, why)
    t.equal(set.problems.length, problem === undefined ? 0 : 1, `${why}: problems`)
    if (problem !== undefined) t.match(problems(set), [problem], `${why}: the problem`)
  }
})

t.test('what is in force stays when its new version is refused', async t => {
  const rows: [PoolDocument[], string[], RegExp, string][] = [
    [
      [pool('a', '10.6.0.1', { gateway: 'x' }), good[1] as PoolDocument],
      shown(before),
      /\(a\): spec\.gateway: "x" .*; what is in force stays as it is$/,
      'a bad field'
    ],
    [
      [pool('a', '10.7.0.1', { subnet: '10.7.0.0/24' }), good[1] as PoolDocument],
      shown(before),
      /\(a\): spec\.subnet: "10\.7\.0\.0\/24" must not change, it is 10\.6\.0\.0\/24/,
      'another subnet'
    ],
    [
      [pool('a', 'fd00::1', { subnet: 'fd00::/64' }), good[1] as PoolDocument],
      shown(before),
      /spec\.subnet: "fd00::\/64" must not change/,
      'another family'
    ],
    [
      [pool('a', '10.6.0.1-10.6.0.11'), good[1] as PoolDocument],
      shown(before),
      /\(a\): spec\.ips: "10\.6\.0\.11" belongs to pool b .*; what is in force stays/,
      'it grows into one that is in force, though it comes first'
    ],
    [
      [pool('0', '10.6.0.5'), ...good],
      shown(before),
      /\(0\): spec\.ips: "10\.6\.0\.5" belongs to pool a \(a\.yaml, document 1\) already$/,
      'a new one wants what is in force, though it comes first'
    ],
    [
      [pool('0', [], { subnet: '10.6.0.0/16' }), ...good],
      shown(before),
      /\(0\): spec\.subnet: "10\.6\.0\.0\/16" overlaps 10\.6\.0\.0\/24 of pool a/,
      'a new subnet around what is in force'
    ],
    [
      [{ ...pool('a', '10.6.0.200'), source: '0.yaml, document 1' }, ...good],
      shown(before),
      /^0\.yaml, document 1 \(a\): metadata\.name: a\.yaml, document 1 is a SpiderIPPool/,
      'a second one of its name comes first'
    ],
    [
      [pool('0', '10.6.0.30-10.6.0.31'), pool('a', '10.6.0.1-10.6.0.30'), pool('b', '10.6.0.31')],
      ['a 10.6.0.1-10.6.0.30', 'b 10.6.0.31'],
      /\(0\): spec\.ips: "10\.6\.0\.30" belongs to pool a/,
      'a new one and changed ones'
    ]
  ]
  for (const [documents, expected, problem, why] of rows) {
    const set = buildPoolSet(documents, before)
    t.same(shown(set), expected, why)
    t.match(problems(set), [problem], `${why}: the problem`)
    t.equal(set.problems.length, 1, `${why}: problems`)
    t.same(shown(buildPoolSet(documents, set)), expected, `${why}: again`)
  }
})

t.test('two pools may exchange their addresses at once', async t => {
  const swapped = [pool('a', '10.6.0.11-10.6.0.20'), pool('b', '10.6.0.1-10.6.0.10')]
  const set = buildPoolSet(swapped, before)
  t.same(shown(set), ['a 10.6.0.11-10.6.0.20', 'b 10.6.0.1-10.6.0.10'])
  t.same(set.problems, [])
})

t.test('when two changes conflict, falling back may stop the other one too', async t => {
  const both = [pool('a', '10.6.0.1-10.6.0.12'), pool('b', '10.6.0.8-10.6.0.20')]
  const set = buildPoolSet(both, before)
  t.same(shown(set), shown(before))
  t.match(problems(set), [/\(b\): .*belongs to pool a/, /\(a\): .*belongs to pool b/])
})

t.test('reserved addresses are taken from all pools', async t => {
  const set = buildPoolSet([...good, reserved('r', '10.6.0.5'), reserved('s', 'fd00::1')], before)
  t.same(shown(set), ['a 10.6.0.1-10.6.0.4 10.6.0.6-10.6.0.10', 'b 10.6.0.11-10.6.0.20'])
  t.same([...set.reserved.ranges()].map(formatRange), ['10.6.0.5', 'fd00::1'])

  const broken = [
    pool('a', 'x'),
    good[1] as PoolDocument,
    reserved('r', 'x'),
    reserved('s', '10.6.0.2')
  ]
  const later = buildPoolSet(broken, set)
  t.same(
    shown(later),
    ['a 10.6.0.1 10.6.0.3-10.6.0.4 10.6.0.6-10.6.0.10', 'b 10.6.0.11-10.6.0.20'],
    'a broken reservation stays, and a broken pool loses newly reserved addresses'
  )
  t.match(problems(later), [/\(r\): spec\.ips\[0\]/, /\(a\): spec\.ips\[0\]/])
  t.same(shown(buildPoolSet(good, later)), shown(before), 'reservations that are gone are gone')
})

t.test('a SpiderSubnet has what the pools in it leave', async t => {
  const subnet = (name: string, more: Spec = {}): PoolDocument => ({
    ...pool(name, '10.6.0.1-10.6.0.30', { gateway: '10.6.0.254', ...more }),
    kind: 'SpiderSubnet',
    source: `${name}, document 2`
  })
  const routes = [{ dst: '10.9.0.0/16', gw: '10.6.0.253' }]
  const own = pool('b', '10.6.0.11', { routes: [], gateway: '10.6.0.252' })
  const set = buildPoolSet([
    pool('a', '10.6.0.10'),
    own,
    subnet('s', { routes }),
    reserved('r', '10.6.0.29')
  ])
  t.same(shown(set), [
    'a 10.6.0.10',
    'b 10.6.0.11',
    'subnet/s 10.6.0.1-10.6.0.9 10.6.0.12-10.6.0.28 10.6.0.30'
  ])
  t.same(problems(set), [])
  t.match(set.pools.get('a'), { gateway: set.pools.get('subnet/s')?.gateway, routes }, 'inherited')
  t.match(set.pools.get('b'), { routes: [] }, 'unless they have their own')
  t.notMatch(set.pools.get('b'), { gateway: set.pools.get('subnet/s')?.gateway })
  t.same(problems(buildPoolSet([subnet('s'), subnet('t')])), [
    't, document 2 (t): spec.subnet: "10.6.0.0/24" is that of SpiderSubnet s (s, document 2) already'
  ])
  t.same(problems(buildPoolSet([subnet('s'), pool('w', [], { subnet: '10.6.0.0/16' })])), [
    's, document 2 (s): spec.subnet: "10.6.0.0/24" overlaps 10.6.0.0/16 of pool w (w.yaml, document 1); pools share exactly the same subnet or none of it'
  ])
  t.match(problems(buildPoolSet([subnet('s', { default: true })])), [/spec\.default/])
})

t.test('what cannot be read stays in force', async t => {
  const withReserved = buildPoolSet([...good, reserved('r', '10.6.0.5')], undefined)
  const rows: [string, string[], string][] = [
    ['/p/a.yaml', ['b', 'a'], 'the file of one'],
    ['/p', ['b', 'a'], 'the directory of all'],
    ['/p/a', ['b'], 'a name that only begins alike'],
    ['/q/a.yaml', ['b'], 'another file']
  ]
  for (const [unread, names, why] of rows) {
    const problem = { source: 'somewhere', problem: 'is no YAML', unread }
    const set = buildPoolSet([good[1] as PoolDocument], withReserved, [problem])
    t.same([...set.pools.keys()], names, why)
    t.equal(set.reserved.isEmpty, unread !== '/p', `${why}: reserved`)
    t.same(set.problems, [problem], `${why}: the problem is passed on`)
  }
  const problem = { source: 'somewhere', problem: 'kind: is not read here' }
  t.same([...buildPoolSet([], before, [problem]).pools.keys()], [], 'a problem that hides nothing')
})

t.test('nothing becomes nothing', async t => {
  t.same(buildPoolSet([], undefined), emptyPoolSet)
})

/** Reading the same documents again and again comes to rest. */
function settles(documents: readonly PoolDocument[], start: PoolSet): boolean {
  let set = start
  for (let i = 0; i < 10; i += 1) {
    const next = buildPoolSet(documents, set)
    if (shown(next).join() === shown(set).join()) return true
    set = next
  }
  return false
}

t.test(
  'whatever is written, no two pools in force share an address, and it comes to rest',
  async () => {
    const address = fc.nat(11).map(i => `10.6.0.${i + 1}`)
    const ranges = fc.array(address, { minLength: 1, maxLength: 4 })
    const one = fc
      .tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), ranges, fc.boolean())
      .map(([name, ips, isGood]) => pool(name, ips, isGood ? {} : { default: 'no' }))
    const step = fc.array(one, { maxLength: 6 })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), steps => {
        let set = emptyPoolSet
        for (const documents of steps) {
          const named = new Set(documents.map(({ name }) => name))
          const kept = [...set.pools.keys()].filter(name => named.has(name))
          const next = buildPoolSet(documents, set)
          const sizes = [...next.pools.values()].map(({ usable }) => usable)
          for (const [i, x] of sizes.entries()) {
            if (sizes.slice(i + 1).some(y => !x.intersect(y).isEmpty)) return false
          }
          if (!kept.every(name => next.pools.has(name))) return false
          if (!settles(documents, next)) return false
          set = next
        }
        return true
      }),
      { numRuns: 1_000 }
    )
  }
)

t.test('a thousand pools of one subnet are judged in passing', async t => {
  const address = (n: number) => `10.6.${n >> 8}.${n & 255}`
  const many = (length: number) =>
    Array.from({ length: 1_000 }, (_, i) =>
      pool(`p${i}`, `${address(4 * i)}-${address(4 * i + length - 1)}`, { subnet: '10.6.0.0/16' })
    )
  const set = buildPoolSet(many(4), buildPoolSet(many(4), undefined))
  t.equal(set.pools.size, 1_000)
  t.same(set.problems, [])
  const overlapping = buildPoolSet(many(5), set)
  t.same(shown(overlapping), shown(set), 'each wants the first address of the next')
  t.equal(overlapping.problems.length, 1_000, 'all of them are told')
})
