// The rows of host-local's tests that are about attachments: H1-H31 and H35-H37. A row that differs from
// host-local's says how.

import type { Ground, Row } from './host-local-stage.ts'
import { addressesIn, isLegacy, routesIn } from './result.ts'
import { versions } from './world.ts'

const five = (g: Ground) => [g.range4('a', 29, 2, 6)]

export const attachmentRows: readonly Row[] = [
  {
    number: 'H1',
    what: 'dual stack: the first of each range, gateways, four routes',
    versions,
    // The default routes come from the gateways; two more stand in the pools.
    pools: g => [
      { ...g.range4('a', 24, 2, 254), routes: [{ dst: '192.168.0.0/16', gw: g.v4(9) }] },
      { ...g.range6('b', '2', 'ff'), routes: [{ dst: '2001:db8::/32', gw: g.v6(':9') }] }
    ],
    run: async s => {
      const result = await s.result('a', { v4: ['a'], v6: ['b'] })
      const told = addressesIn(result)
      s.t.same(
        told.map(({ address }) => address),
        [`${s.v4(2)}/24`, `${s.v6(':2')}/64`]
      )
      s.t.same(
        told.map(({ gateway }) => gateway),
        [s.v4(1), s.v6(':1')]
      )
      const hasVersion = !isLegacy(s.cniVersion) && s.cniVersion < '1'
      s.t.same(
        told.map(({ version }) => version),
        hasVersion ? ['4', '6'] : [undefined, undefined]
      )
      const destinations = routesIn(result).map(({ dst }) => dst)
      s.t.same(destinations.toSorted(), ['0.0.0.0/0', '192.168.0.0/16', '2001:db8::/32', '::/0'])
      await s.del('a', { v4: ['a'], v6: ['b'] })
      s.t.same(await s.held(), [])
    }
  },
  {
    number: 'H2',
    what: 'two networks and two interfaces of one container: one DEL takes one',
    versions,
    pools: five,
    run: async s => {
      const [first] = await s.add('a', { net: 'one', ifname: 'eth0' })
      const [second] = await s.add('a', { net: 'two', ifname: 'eth1' })
      await s.del('a', { net: 'one', ifname: 'eth0' })
      s.t.same(await s.held(), [second])
      await s.del('a', { net: 'two', ifname: 'eth0' })
      s.t.same(await s.held(), [second], 'the interface counts')
      s.t.not(first, second)
    }
  },
  {
    number: 'H3',
    what: 'the same container twice',
    versions,
    pools: five,
    run: async s => {
      // host-local refuses; here a retry is told what the first one was told, and never a second address.
      s.t.same(await s.add('a'), [s.v4(2)])
      s.t.same(await s.add('a'), [s.v4(2)])
      s.t.same(await s.add('b'), [s.v4(3)])
      await s.del('a')
      await s.del('b')
      s.t.same(await s.held(), [])
    }
  },
  {
    number: 'H4',
    what: 'DEL understands what an older configuration has added',
    versions,
    pools: five,
    // There is no older release of the state; what can be older is the configuration.
    run: async s => {
      await s.add('a', { cniVersion: '0.1.0' })
      await s.del('a')
      s.t.same(await s.held(), [])
    }
  },
  {
    number: 'H5',
    what: 'DEL of an unknown container',
    versions,
    pools: five,
    run: async s => {
      await s.del('nobody')
      s.t.same(await s.held(), [])
    }
  },
  {
    number: 'H7',
    what: 'the first ADD prints one document and no noise',
    versions,
    pools: five,
    run: async s => {
      const pod = s.w.pod({ containerId: `${s.label}-raw` })
      const { stdout, stderr } = await s.w.exec('ADD', pod, { list: s.listOf() })
      s.t.match(JSON.parse(stdout.toString()), { cniVersion: s.cniVersion })
      s.t.equal(stderr, '')
      await s.del('raw')
    }
  },
  {
    number: 'H8',
    what: 'one address in args',
    versions,
    pools: five,
    run: async s => s.t.same(await s.add('a', { ips: [s.v4(5)] }), [s.v4(5)])
  },
  {
    number: 'H9',
    what: 'one address of each of two IPv4 pools in args',
    versions,
    pools: g => [g.range4('a', 28, 2, 6), g.range4('b', 28, 18, 22)],
    run: async s => {
      const ask = { v4: ['a', 'b'], ips: [s.v4(4), s.v4(20)] }
      if (isLegacy(s.cniVersion)) {
        const { code, message } = await s.refused('a', ask)
        s.t.ok([1, 7].includes(code), `code ${code}`)
        s.t.match(message, s.cniVersion)
      } else s.t.same(await s.add('a', ask), ask.ips)
    }
  },
  {
    number: 'H10',
    what: 'IPv4 and IPv6 in args, one of them in the second pool of its list',
    versions,
    pools: g => [g.range4('a', 28, 2, 6), g.range4('b', 28, 18, 22), g.range6('c', '2', 'ff')],
    run: async s => {
      const ips = [s.v4(20), s.v6(':33')]
      s.t.same(await s.add('a', { v4: ['a', 'b'], v6: ['c'], ips }), ips)
    }
  },
  {
    number: 'H11',
    what: 'two addresses in args, one of which cannot be served',
    versions,
    pools: five,
    // host-local serves one address a range; here both of a pool could be had, so one is outside.
    run: async s => {
      const { message, code } = await s.refused('a', { ips: [s.v4(3), s.v4(77)] })
      if (!isLegacy(s.cniVersion)) s.t.match(message, s.v4(77))
      s.t.ok(code > 0)
      s.t.same(await s.held(), [])
    }
  },
  {
    number: 'H13',
    what: 'the search goes on at the beginning when it has reached the end',
    pools: g => [g.range4('a', 28, 2, 5)],
    run: async s => {
      for (const cid of ['a', 'b', 'c']) await s.add(cid)
      await s.del('a')
      s.t.same(await s.add('d'), [s.v4(5)])
      s.t.same(await s.add('e'), [s.v4(2)])
    }
  },
  {
    number: 'H14',
    what: 'from the middle every address comes once',
    pools: five,
    run: async s => {
      for (const cid of ['a', 'b', 'c']) await s.add(cid)
      for (const cid of ['a', 'b', 'c']) await s.del(cid)
      const told = []
      for (const cid of ['d', 'e', 'f', 'g', 'h']) told.push(...(await s.add(cid)))
      s.t.same(
        told,
        [5, 6, 2, 3, 4].map(host => s.v4(host))
      )
    }
  },
  {
    number: 'H15',
    what: 'a fresh IPv4 /29',
    pools: five,
    run: async s => s.t.same(await s.add('a'), [s.v4(2)])
  },
  {
    number: 'H15',
    what: 'a fresh IPv6 /64',
    pools: g => [g.range6('b', '2', 'ff')],
    run: async s => s.t.same(await s.add('a', { v6: ['b'] }), [s.v6(':2')])
  },
  {
    number: 'H15',
    what: 'a /30 has one address beside its gateway',
    pools: g => [g.range4('a', 30, 2, 2)],
    run: async s => {
      s.t.same(await s.add('a'), [s.v4(2)])
      s.t.equal((await s.refused('b')).code, 110)
    }
  },
  {
    number: 'H15',
    what: 'the first one is taken',
    pools: five,
    run: async s => {
      await s.add('a', { ips: [s.v4(2)] })
      s.t.same(await s.add('b'), [s.v4(3)])
    }
  },
  {
    number: 'H15',
    what: 'after the last one that was given',
    pools: five,
    run: async s => {
      await s.add('a')
      await s.del('a')
      s.t.same(await s.add('b'), [s.v4(3)])
    }
  },
  {
    number: 'H15',
    what: 'a taken one is left out',
    pools: five,
    run: async s => {
      await s.add('a')
      await s.add('b', { ips: [s.v4(3)] })
      s.t.same(await s.add('c'), [s.v4(4)])
    }
  },
  {
    number: 'H15',
    what: 'past the end, back at the beginning',
    pools: five,
    run: async s => {
      for (let i = 0; i < 5; i += 1) {
        s.t.same(await s.add('a'), [s.v4(2 + i)])
        await s.del('a')
      }
      s.t.same(await s.add('a'), [s.v4(2)])
    }
  },
  {
    number: 'H15',
    what: 'where the search goes on is never outside the range',
    pools: five,
    // The last address cannot be set from outside; a request from far away must not move it.
    run: async s => {
      await s.refused('a', { ips: [s.v4(200)] })
      s.t.same(await s.add('a'), [s.v4(2)])
    }
  },
  {
    number: 'H15',
    what: 'only the last one is free',
    pools: five,
    run: async s => {
      for (const host of [2, 3, 4, 5]) await s.add(`c${host}`, { ips: [s.v4(host)] })
      s.t.same(await s.add('a'), [s.v4(6)])
    }
  },
  {
    number: 'H15',
    what: 'of several pools the first is used up before the second is touched',
    pools: g => [g.range4('a', 30, 2, 2), g.range4('b', 30, 10, 10)],
    run: async s => {
      const v4 = ['a', 'b']
      s.t.same(await s.add('a', { v4 }), [s.v4(2)])
      s.t.same(await s.add('b', { v4 }), [s.v4(10)])
      // And back at the first one when it has room again.
      await s.del('a', { v4 })
      s.t.same(await s.add('c', { v4 }), [s.v4(2)])
    }
  },
  {
    number: 'H16',
    what: 'a /29 gives five addresses and never its broadcast address',
    pools: g => [{ ...g.range4('a', 29, 0, 7), excludeIPs: [g.v4(1)] }],
    run: async s => {
      const told = []
      for (let i = 0; i < 5; i += 1) told.push(...(await s.add(`c${i}`)))
      s.t.same(
        told,
        [2, 3, 4, 5, 6].map(host => s.v4(host))
      )
      s.t.equal((await s.refused('late')).code, 110)
    }
  },
  {
    number: 'H17',
    what: 'what was released does not come back at once',
    pools: five,
    run: async s => {
      const [first] = await s.add('a')
      await s.del('a')
      s.t.not((await s.add('a'))[0], first)
    }
  },
  {
    number: 'H18',
    what: 'a requested address is given',
    pools: five,
    run: async s => s.t.same(await s.add('a', { offers: { ips: [s.v4(4)] } }), [s.v4(4)])
  },
  {
    number: 'H19',
    what: 'a requested address is taken',
    pools: five,
    run: async s => {
      await s.add('a', { ips: [s.v4(4)] })
      const { code, message } = await s.refused('b', { ips: [s.v4(4)] })
      s.t.equal(code, 101)
      s.t.match(message, s.v4(4))
    }
  },
  {
    number: 'H20',
    what: 'a requested address after the end',
    pools: five,
    run: async s => s.t.match(await s.refused('a', { ips: [s.v4(7)] }), { code: 102 })
  },
  {
    number: 'H21',
    what: 'a requested address before the start',
    pools: g => [g.range4('a', 28, 4, 8)],
    run: async s => s.t.match(await s.refused('a', { ips: [s.v4(3)] }), { code: 102 })
  },
  {
    number: 'H22',
    what: 'pools that are used up are named',
    pools: g => [g.range4('a', 29, 2, 6), g.range4('b', 30, 10, 10), g.range4('c', 30, 14, 14)],
    run: async s => {
      for (const v4 of [['b'], ['a'], ['b', 'c']]) {
        for (let i = 0; (await s.held()).length < (v4[0] === 'a' ? 5 : v4.length); i += 1) {
          await s.add(`c${i}`, { v4 })
        }
        const { code, message } = await s.refused('late', { v4 })
        s.t.equal(code, 110, message)
        for (const suffix of v4) s.t.match(message, s.name(suffix))
        await s.clear()
      }
    }
  },
  {
    number: 'H25',
    what: 'subnet, range and gateway in the plainest form',
    pools: g => [{ ...g.range4('a', 24, 9, 20), gateway: g.v4(254) }],
    run: async s => {
      const { ips } = await s.result('a')
      s.t.same(ips, [{ address: `${s.v4(9)}/24`, gateway: s.v4(254) }])
    }
  },
  {
    number: 'H26',
    what: 'two families, two pools each, nothing said that need not be',
    // host-local takes the whole subnet and its first address as a gateway; a pool has no such defaults.
    pools: g => [
      g.pool('a', { subnet: `${g.v4(0)}/28`, ips: [g.v4(2)] }),
      g.pool('b', { subnet: `${g.v4(16)}/28`, ips: [g.v4(18)] }),
      g.pool('c', { subnet: g.v6(':/64'), ips: [g.v6(':2')] }),
      g.pool('d', { subnet: g.v6('1::/64'), ips: [g.v6('1::2')] })
    ],
    run: async s => {
      const ask = { v4: ['a', 'b'], v6: ['c', 'd'] }
      const first = await s.result('a', ask)
      s.t.same(first.ips, [{ address: `${s.v4(2)}/28` }, { address: `${s.v6(':2')}/64` }])
      s.t.same(first.routes ?? [], [])
      s.t.same(await s.add('b', ask), [s.v4(18), s.v6('1::2')])
    }
  },
  {
    number: 'H27',
    what: 'ranges from the runtime are refused by name',
    pools: five,
    // host-local puts them first; here ranges come from pools, and to overlook them would be wrong.
    run: async s => {
      const offers = { ipRanges: [[{ subnet: `${s.v4(0)}/24` }]] }
      const { code, message } = await s.refused('a', { offers })
      s.t.equal(code, 2)
      s.t.match(message, 'ipRanges')
    }
  },
  {
    number: 'H28',
    what: 'an address in CNI_ARGS',
    pools: five,
    run: async s => s.t.same(await s.add('a', { argsIp: s.v4(4) }), [s.v4(4)])
  },
  {
    number: 'H29',
    what: 'an address with its prefix in CNI_ARGS',
    pools: five,
    run: async s => s.t.same(await s.add('a', { argsIp: `${s.v4(4)}/29` }), [s.v4(4)])
  },
  {
    number: 'H30',
    what: 'args and CNI_ARGS together',
    pools: five,
    // host-local wants both; the conventions say that args hide CNI_ARGS.
    run: async s => s.t.same(await s.add('a', { argsIp: s.v4(4), ips: [s.v4(5)] }), [s.v4(5)])
  },
  {
    number: 'H31',
    what: 'addresses with prefixes in args',
    pools: g => [g.range4('a', 24, 2, 9), g.range6('b', '2', 'ff')],
    run: async s => {
      const ips = [`${s.v4(4)}/24`, `${s.v6(':4')}/64`]
      s.t.same(await s.add('a', { v4: ['a'], v6: ['b'], ips }), [s.v4(4), s.v6(':4')])
    }
  },
  {
    number: 'H35',
    what: 'two IPv4 addresses with 0.2.0',
    versions: ['0.2.0'],
    pools: five,
    run: async s => {
      const { code, message } = await s.refused('a', { ips: [s.v4(2), s.v4(3)] })
      s.t.ok([1, 7].includes(code), `code ${code}`)
      s.t.match(message, '0.2.0')
    }
  },
  {
    number: 'H36',
    what: 'IPv4 and IPv6 with 0.2.0',
    versions: ['0.2.0'],
    pools: g => [g.range4('a', 29, 2, 6), g.range6('b', '2', 'ff')],
    run: async s => s.t.same(await s.add('a', { v4: ['a'], v6: ['b'] }), [s.v4(2), s.v6(':2')])
  },
  {
    number: 'H37',
    what: 'addresses from the runtime, with and without prefix, both families',
    pools: g => [g.range4('a', 29, 2, 6), g.range6('b', '2', 'ff')],
    run: async s => {
      const ask = { v4: ['a'], v6: ['b'] }
      const bare = [s.v4(4), s.v6(':4')]
      s.t.same(await s.add('a', { ...ask, offers: { ips: bare } }), bare)
      const ips = [`${s.v4(5)}/29`, `${s.v6(':5')}/64`]
      s.t.same(await s.add('b', { ...ask, offers: { ips } }), [s.v4(5), s.v6(':5')])
    }
  }
]
