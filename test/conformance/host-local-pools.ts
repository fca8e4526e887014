// The rows of host-local's tests that are about ranges: H32-H34 and H38-H50. Where host-local refuses a
// network configuration we refuse a pool document, by its name, and go on with the others.

import type { Row } from './host-local-stage.ts'

/** Refused by name, not in force, and its neighbours are. */
function refuses(suffix: string, why: RegExp): Row['run'] {
  return async s => {
    s.t.match(await s.problemOf(suffix), why)
    s.t.notOk(await s.isInForce(suffix))
  }
}

/** Of two pools that cannot both be, at least one is refused by name; `accepted`: both are in force. */
function pair(accepted: boolean): Row['run'] {
  return async s => {
    const problems = [await s.problemOf('a'), await s.problemOf('b')].filter(
      text => text !== undefined
    )
    s.t.equal(problems.length === 0, accepted, problems.join('; '))
    s.t.equal((await s.isInForce('a')) && (await s.isInForce('b')), accepted)
  }
}

export const poolRows: readonly Row[] = [
  {
    number: 'H32',
    what: 'two pools of one subnet with a common address',
    pools: g => [g.range4('a', 24, 2, 9), g.range4('b', 24, 9, 20)],
    run: pair(false)
  },
  {
    number: 'H33',
    what: 'two pools whose subnets overlap and differ',
    // Within one pool, ranges that overlap mean their union, as with Spiderpool.
    pools: g => [g.range4('a', 24, 2, 9), g.range4('b', 28, 34, 36)],
    run: pair(false)
  },
  {
    number: 'H34',
    what: 'a pool of mixed families',
    pools: g => [
      g.pool('a', { subnet: `${g.v4(0)}/24`, ips: [g.v4(2), g.v6(':2')] }),
      g.pool('b', { subnet: g.v6(':/64'), ips: [`${g.v4(2)}-${g.v6(':2')}`] })
    ],
    run: async s => {
      for (const suffix of ['a', 'b']) await refuses(suffix, /ips/)(s)
    }
  },
  {
    number: 'H38',
    what: 'a whole /24',
    pools: g => [{ ...g.range4('a', 24, 0, 255), excludeIPs: [g.v4(1)] }],
    run: whole('253', [2, 254], [0, 1, 255])
  },
  {
    number: 'H39',
    what: 'a whole /25',
    pools: g => [{ ...g.range4('a', 25, 0, 127), excludeIPs: [g.v4(1)] }],
    run: whole('125', [2, 126], [0, 1, 127, 128])
  },
  {
    number: 'H40',
    what: 'a whole /64',
    pools: g => [{ ...g.range6('b', '', 'ffff:ffff:ffff:ffff'), excludeIPs: [g.v6(':1')] }],
    run: async s => {
      s.t.equal(await s.totalOf('b'), String(2n ** 64n - 2n))
      s.t.same(await s.add('a', { v6: ['b'] }), [s.v6(':2')])
      // No broadcast address in IPv6: the last one is like any other.
      const last = s.v6('0:ffff:ffff:ffff:ffff')
      s.t.same(await s.add('b', { v6: ['b'], ips: [last] }), [last])
      for (const tail of [':', ':1']) {
        s.t.match(await s.refused('c', { v6: ['b'], ips: [s.v6(tail)] }), { code: 102 })
      }
    }
  },
  {
    number: 'H41',
    what: 'host bits in an IPv4 subnet',
    pools: g => [g.pool('a', { subnet: `${g.v4(1)}/24`, ips: [g.v4(2)] })],
    run: refuses('a', /host bits/)
  },
  {
    number: 'H42',
    what: 'host bits in an IPv6 subnet',
    pools: g => [g.pool('a', { subnet: g.v6(':1/64'), ips: [g.v6(':2')] })],
    run: refuses('a', /host bits/)
  },
  {
    number: 'H43',
    what: 'host bits in an IPv6 /63',
    pools: g => [g.pool('a', { subnet: g.v6('1::/63'), ips: [g.v6('1::2')] })],
    run: refuses('a', /host bits.*::\/63/)
  },
  {
    number: 'H44',
    what: 'host bits in an IPv4 /23',
    pools: g => [g.pool('a', { subnet: `${g.v4(128)}/23`, ips: [g.v4(130)] })],
    run: refuses('a', /host bits.*\/23/)
  },
  {
    number: 'H45',
    what: 'a /31 has no network and no broadcast address',
    // Too small for host-local; RFC 3021 lets both be used.
    pools: g => [g.pool('a', { subnet: `${g.v4(2)}/31`, ips: [`${g.v4(2)}-${g.v4(3)}`] })],
    run: async s => {
      s.t.same([...(await s.add('a')), ...(await s.add('b'))], [s.v4(2), s.v4(3)])
      s.t.equal((await s.refused('c')).code, 110)
    }
  },
  {
    number: 'H46',
    what: 'ranges that start outside, end outside or run backwards',
    pools: g => [
      g.pool('a', { subnet: `${g.v4(64)}/26`, ips: [`${g.v4(63)}-${g.v4(70)}`] }),
      g.pool('b', { subnet: `${g.v4(128)}/26`, ips: [`${g.v4(130)}-${g.v4(192)}`] }),
      g.pool('c', { subnet: `${g.v4(192)}/26`, ips: [`${g.v4(200)}-${g.v4(199)}`] }),
      g.pool('d', { subnet: `${g.v4(0)}/26`, ips: [g.v4(2)], gateway: g.v4(64) })
    ],
    run: async s => {
      for (const suffix of ['a', 'b', 'c']) await refuses(suffix, /ips/)(s)
      await refuses('d', /gateway/)(s)
    }
  },
  {
    number: 'H47',
    what: 'start, end and gateway as they were given',
    pools: g => [{ ...g.range4('a', 24, 40, 50), gateway: g.v4(60) }],
    run: async s => {
      const { ips } = await s.result('a')
      s.t.same(ips, [{ address: `${s.v4(40)}/24`, gateway: s.v4(60) }])
      s.t.equal(await s.totalOf('a'), '11')
    }
  },
  {
    number: 'H48',
    what: 'both ends belong to an IPv4 range',
    pools: g => [g.range4('a', 24, 40, 50)],
    run: async s => {
      for (const host of [40, 50]) {
        s.t.same(await s.add(`c${host}`, { ips: [s.v4(host)] }), [s.v4(host)])
      }
      for (const host of [39, 51])
        s.t.match(await s.refused('x', { ips: [s.v4(host)] }), { code: 102 })
    }
  },
  {
    number: 'H49',
    what: 'both ends belong to an IPv6 range',
    pools: g => [g.range6('b', '40', '50')],
    run: async s => {
      for (const tail of [':40', ':50']) {
        s.t.same(await s.add(`c${tail.slice(1)}`, { v6: ['b'], ips: [s.v6(tail)] }), [s.v6(tail)])
      }
      for (const tail of [':3f', ':51']) {
        s.t.match(await s.refused('x', { v6: ['b'], ips: [s.v6(tail)] }), { code: 102 })
      }
    }
  },
  {
    number: 'H50',
    what: 'overlap: disjoint subnets',
    pools: g => [g.range4('a', 26, 2, 9), g.range4('b', 26, 66, 70)],
    run: pair(true)
  },
  {
    number: 'H50',
    what: 'overlap: another family',
    pools: g => [g.range4('a', 26, 2, 9), g.range6('b', '2', '9')],
    run: pair(true)
  },
  {
    number: 'H50',
    what: 'overlap: identical',
    pools: g => [g.range4('a', 26, 2, 9), g.range4('b', 26, 2, 9)],
    run: pair(false)
  },
  {
    number: 'H50',
    what: 'overlap: one contains the other',
    pools: g => [g.range4('a', 26, 2, 9), g.range4('b', 26, 4, 5)],
    run: pair(false)
  },
  {
    number: 'H50',
    what: 'overlap: parts of one subnet',
    pools: g => [g.range4('a', 26, 2, 9), g.range4('b', 26, 20, 30)],
    run: pair(true)
  },
  {
    number: 'H50',
    what: 'overlap: parts that touch',
    pools: g => [g.range4('a', 26, 2, 9), g.range4('b', 26, 10, 30)],
    run: pair(true)
  }
]

/** A subnet given as its own range: what is in it, its ends, and what no interface may bear. */
function whole(
  total: string,
  [first, last]: readonly [number, number],
  outside: readonly number[]
): Row['run'] {
  return async s => {
    s.t.equal(await s.totalOf('a'), total)
    s.t.same(await s.add('a'), [s.v4(first)])
    s.t.same(await s.add('b', { ips: [s.v4(last)] }), [s.v4(last)])
    for (const host of outside) {
      s.t.match(await s.refused('c', { ips: [s.v4(host)] }), { code: 102 })
    }
  }
}
