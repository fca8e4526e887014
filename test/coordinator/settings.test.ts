// What each setting of the coordinator comes to in a real pod and on a real node, as ip(8) shows it: the rows 23 and 26 of
// the acceptance set, and what a plan alone cannot show of the kernel.

import t, { type Test } from 'tap'
import { ChainedPod, type Interface } from '../support/chained-pod.ts'
import { mainPlugins, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import {
  clientAddress,
  dumpOf,
  NodeDaemon,
  routerAddress,
  setSysctls,
  Underlay,
  withoutDad
} from '../support/underlay.ts'

const what = 'settings of the coordinator'
const programs = ['ip', 'ping', 'nft', 'sysctl', plugin, ...mainPlugins('macvlan', 'ptp')]
/** Of nobody here: what leads there is the default route. */
const anywhere = '8.8.8.8'

if (requireRoot(t, what) && requirePrograms(t, what, programs)) await suite()

interface ShownRoute {
  readonly dst: string
  readonly gateway?: string
  readonly dev?: string
  readonly metric?: number
  readonly scope?: string
  readonly prefsrc?: string
  readonly flags?: readonly string[]
  readonly metrics?: readonly Readonly<Record<string, number>>[]
}

async function routesIn(
  netns: Netns,
  table: string | number,
  family: 4 | 6 = 4
): Promise<readonly ShownRoute[]> {
  const out = await netns.ip(`-${family}`, '-j', '-d', 'route', 'show', 'table', String(table))
  return JSON.parse(out) as ShownRoute[]
}

async function wayOf(netns: Netns, ...to: readonly string[]): Promise<ShownRoute | undefined> {
  const ways = JSON.parse(await netns.ip('-4', '-j', 'route', 'get', ...to)) as ShownRoute[]
  return ways[0]
}

async function linkOf(netns: Netns, name: string) {
  interface Shown {
    readonly address: string
    readonly mtu: number
    readonly txqlen: number
  }
  return (JSON.parse(await netns.ip('-j', 'link', 'show', name)) as Shown[])[0]
}

async function suite(): Promise<void> {
  t.setTimeout(240_000)
  const underlay = await Underlay.make(2)
  const [node, other] = [underlay.node(0), underlay.node(1)]
  const host = await NodeDaemon.start(node, 1)
  // Two interfaces of main plugins, to which the coordinator comes and goes.
  const names = ['eth0', 'net1']
  const pod = await ChainedPod.add(
    host,
    names.map((ifname, network): Interface => ({ ifname, network, coordinator: false }))
  )
  // The main plugins have made two under one key, of which only one could be brought back.
  await pod.netns.ip('route', 'delete', 'default', 'dev', 'net1')
  const bare = { pod: await dumpOf(pod.netns), node: await dumpOf(node) }
  t.teardown(async () => {
    await pod[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
    await underlay[Symbol.asyncDispose]()
  })

  /** The pod with these settings, and afterwards without. */
  async function coordinated(
    t: Test,
    settings: Readonly<Record<string, unknown>>,
    look: () => Promise<void>,
    ifnames: readonly string[] = names
  ): Promise<void> {
    for (const ifname of ifnames) await pod.coordinate(ifname, settings)
    for (const ifname of ifnames) await pod.check(ifname)
    await look()
    for (const ifname of ifnames.toReversed()) await pod.uncoordinate(ifname)
    t.equal(await dumpOf(node), bare.node, 'nothing is left on the node')
    t.equal(await dumpOf(pod.netns), bare.pod, 'nor in the pod')
  }

  t.test('the default route at net1, in underlay and overlay (C00005, C00006)', async t => {
    await coordinated(t, { podDefaultRouteNIC: 'net1' }, async () => {
      t.match(await wayOf(pod.netns, anywhere), { dev: 'net1', gateway: routerAddress(1, 4) })
      t.match(await pod.netns.ping(clientAddress[4]), /bytes/)
    })
    const settings = { mode: 'overlay', podDefaultRouteNIC: 'net1' }
    await using beside = await ChainedPod.add(host, [
      { ifname: 'eth0', network: 'overlay', coordinator: false },
      { ifname: 'net1', network: 1, coordinator: settings }
    ])
    t.match(await wayOf(beside.netns, anywhere), { dev: 'net1', gateway: routerAddress(1, 4) })
    t.match(await beside.netns.ping(clientAddress[4]), /bytes/)
  })

  t.test('an interface that is not there changes nothing (C00014, A00012)', async t => {
    const wishes: [object, RegExp][] = [
      [{ podDefaultRouteNIC: 'data' }, /data of the network configuration does not exist/],
      [annotated('net9'), /net9 of the pod’s annotation does not exist/]
    ]
    await pod.coordinate('eth0')
    const before = [await dumpOf(node), await dumpOf(pod.netns)]
    for (const [more, message] of wishes) {
      await t.rejects(pod.coordinate('net1', { ...more }), { code: 7, message })
      t.same([await dumpOf(node), await dumpOf(pod.netns)], before)
    }
    await pod.uncoordinate('eth0')
    // One that is to come is waited for, and gets the default route when it does.
    await coordinated(t, annotated('net1'), async () => {
      t.match(await wayOf(pod.netns, anywhere), { dev: 'net1' }, 'A00012')
    })
  })

  t.test('the default route waits for an interface that comes last (A00012, G11)', async t => {
    await using late = new ChainedPod(host, await Netns.make(), wish('net2'))
    await setSysctls(late.netns, withoutDad)
    for (const [network, ifname] of ['eth0', 'net1', 'net2'].entries()) {
      await late.attach({ ifname, network })
      const holder = ifname === 'net2' ? 'net2' : 'eth0'
      t.match(await wayOf(late.netns, anywhere), { dev: holder }, `with ${ifname}`)
    }
    t.match(await late.netns.ping(clientAddress[4]), /bytes/)
  })

  t.test('disabled, in both spellings (G8)', async t => {
    for (const mode of ['disabled', 'disable']) {
      t.match(await pod.coordinate('eth0', { mode }), pod.resultOf('eth0'), 'what was is passed on')
      await pod.coordinate('eth0', { mode })
      t.equal(await dumpOf(pod.netns), bare.pod, mode)
      t.equal(await dumpOf(node), bare.node, mode)
      await pod.uncoordinate('eth0')
    }
  })

  t.test('the reverse-path filter of the interfaces, without any other setting (G10)', async t => {
    const filters = async () => {
      const links = ['all', ...names, 'veth0'].map(link => `net.ipv4.conf.${link}.rp_filter`)
      return (await pod.netns.exec('sysctl', '-n', ...links)).trim().split('\n').join(' ')
    }
    for (const [podRPFilter, seen] of [
      [2, '0 2 2 0'],
      [1, '0 1 1 0'],
      [0, '0 0 0 0']
    ] as const) {
      for (const ifname of names) await pod.coordinate(ifname, { podRPFilter })
      t.equal(await filters(), seen, String(podRPFilter))
    }
    for (const ifname of names.toReversed()) await pod.uncoordinate(ifname)
    t.equal(await dumpOf(pod.netns), bare.pod)
  })

  t.test('the hardware address begins as it is told (C00008)', async t => {
    const bytes = pod.address('eth0', 4).split('.').map(Number)
    const mac = `0a:1b:${bytes.map(byte => byte.toString(16).padStart(2, '0')).join(':')}`
    await other.exec('ping', '-c', '1', '-W', '2', pod.address('eth0', 4))
    const { interfaces = [] } = await pod.coordinate('eth0', { podMACPrefix: '0a:1b' })
    t.equal(interfaces.find(({ sandbox }) => sandbox !== undefined)?.mac, mac, 'as it is printed')
    t.equal((await linkOf(pod.netns, 'eth0'))?.address, mac)
    t.match(await other.ping(pod.address('eth0', 4)), /bytes/)
    const known = await other.ip('neighbour', 'show', pod.address('eth0', 4))
    t.match(known, mac, 'who knew it by another one has heard of it')
    await pod.uncoordinate('eth0')
    t.equal(await dumpOf(pod.netns), bare.pod)
  })

  t.test('an address that a router has given is the pod’s as well (#5618)', async t => {
    await using own = await ChainedPod.add(host, [
      { ifname: 'eth0', network: 0, coordinator: false }
    ])
    await own.netns.addAddress('eth0', 'fd60::a:b:c/64')
    await own.coordinate('eth0')
    t.match(await node.ip('-6', 'route', 'get', 'fd60::a:b:c'), /dev veth/)
    t.match(await node.ping('fd60::a:b:c'), /bytes/)
    await own.uncoordinate('eth0')
  })

  t.test('a hardware address of the cable that somebody rewrites (#2303, #2464)', async t => {
    const veth = `veth${pod.containerId.slice(0, 11)}`
    await pod.coordinate('eth0')
    await node.ip('link', 'set', veth, 'address', '02:00:00:00:00:66')
    await pod.netns.ip('link', 'set', 'veth0', 'address', '02:00:00:00:00:77')
    const message = new RegExp(`in the pod: veth0 .*mac.*on the host: ${veth} .*mac`)
    await t.rejects(pod.check('eth0'), { code: 131, message })
    await pod.coordinate('eth0')
    await pod.check('eth0')
    t.match(await node.ping(pod.address('eth0', 4)), /bytes/, 'both ends know each other again')
    t.match(await pod.netns.ping('10.60.0.11'), /bytes/)
    await pod.uncoordinate('eth0')
    t.equal(await dumpOf(node), bare.node)
  })

  t.test('what somebody has left of the address is no obstacle (C00010)', async t => {
    const address = pod.address('eth0', 4)
    const neighbour = ['to', address, 'lladdr', '02:00:00:00:00:77', 'dev', 'lan2']
    await node.ip('neighbour', 'add', ...neighbour, 'nud', 'permanent')
    await node.ip('route', 'add', address, 'dev', 'lan2', 'table', '500')
    await node.ip('route', 'add', address, 'dev', 'lan2', 'metric', '7', 'table', '500')
    await pod.coordinate('eth0')
    t.match(
      (await routesIn(node, 500)).map(({ dst, dev }) => [dst, dev]),
      [[address, `veth${pod.containerId.slice(0, 11)}`]]
    )
    const known = await node.ip('neighbour', 'show', address)
    t.notMatch(known, /lan2/, 'nor is the neighbour known on another link')
    t.match(await node.ping(address), /bytes/)
    await pod.uncoordinate('eth0')
    await node.ip('route', 'flush', 'table', '500')
    await node.ip('neighbour', 'flush', 'nud', 'permanent', 'dev', 'lan2')
    t.equal(await dumpOf(node), bare.node)
  })

  t.test('the table of the host (C00016)', async t => {
    await coordinated(t, { hostRuleTable: 600 }, async () => {
      t.match(await node.ip('rule'), /^1000:\s+from all lookup 600\b/m)
      t.match(await node.ip('-6', 'rule'), /^1000:\s+from all lookup 600\b/m)
      const dsts = (await routesIn(node, 600)).map(({ dst }) => dst)
      t.same(dsts.sort(), names.map(ifname => pod.address(ifname, 4)).sort())
      t.same(await routesIn(node, 500).catch(() => []), [])
      t.match(await node.ping(pod.address('net1', 4)), /bytes/)
    })
  })

  t.test('routes that are not to be touched are not (C00017)', async t => {
    const before = await routesIn(pod.netns, 'main')
    await coordinated(t, { tunePodRoutes: false, podDefaultRouteNIC: 'net1' }, async () => {
      const now = await routesIn(pod.netns, 'main')
      const isThere = (one: ShownRoute) =>
        now.some(two => JSON.stringify(one) === JSON.stringify(two))
      t.same(
        before.filter(one => !isThere(one)),
        [],
        'what the main plugins have set'
      )
      t.match(await wayOf(pod.netns, anywhere), { dev: 'eth0' })
      t.notMatch(await pod.netns.ip('rule'), /^1[1-9]\d\d:/m, 'no rule of an address')
      t.match(await node.ping(pod.address('eth0', 4)), /bytes/)
    })
  })

  t.test('policy routes, each in its table (C00024, G14)', async t => {
    const routes = (network: number) => ({
      policyRoutes: [{ dst: `10.9${network}.0.0/16`, gw: `10.60.${network}.9` }]
    })
    for (const [network, ifname] of names.entries()) await pod.coordinate(ifname, routes(network))
    for (const ifname of names) await pod.check(ifname)
    const has = async (table: string | number, dst: string) =>
      (await routesIn(pod.netns, table)).some(route => route.dst === dst)
    t.same(
      [await has('main', '10.90.0.0/16'), await has(101, '10.90.0.0/16')],
      [true, true],
      'the default interface’s are everybody’s'
    )
    t.same([await has('main', '10.91.0.0/16'), await has(102, '10.91.0.0/16')], [false, true])
    const from = ['from', pod.address('net1', 4)]
    t.match(await wayOf(pod.netns, '10.91.0.1', ...from), { dev: 'net1', gateway: '10.60.1.9' })
    t.match(await wayOf(pod.netns, '10.90.0.1'), { dev: 'eth0', gateway: '10.60.0.9' })
    for (const ifname of names.toReversed()) await pod.uncoordinate(ifname)
    t.equal(await dumpOf(pod.netns), bare.pod)
  })

  t.test('the cable and the queue, which is the pod’s and not the host’s (G9)', async t => {
    const settings = { vethLinkAddress: '169.254.100.1', vethMTU: 1400, txQueueLen: 77 }
    const nodesOwn = await linkOf(node, 'lan0')
    await coordinated(t, settings, async () => {
      const addresses = await pod.netns.ip('-4', '-o', 'address', 'show', 'veth0')
      t.match(addresses, /inet 169\.254\.100\.1\/32 scope global veth0/)
      t.equal((await linkOf(pod.netns, 'veth0'))?.mtu, 1400)
      t.equal((await linkOf(node, `veth${pod.containerId.slice(0, 11)}`))?.mtu, 1400)
      for (const ifname of names) t.equal((await linkOf(pod.netns, ifname))?.txqlen, 77, ifname)
      t.same(await linkOf(node, 'lan0'), nodesOwn, 'the host’s link has its own')
      // 1372 bytes, 8 of ICMP and 20 of IPv4 are 1400: not one more goes in one piece.
      const ping = async (size: number) =>
        pod.netns.exec('ping', '-c', '1', '-W', '1', '-M', 'do', '-s', String(size), '10.60.0.11')
      t.match(await ping(1372), /1 received/)
      await t.rejects(ping(1373), /message too long|Frag needed/i)
    })
  })

  t.test('attributes of routes that the main plugin has dropped', async t => {
    const [gw, gw6] = [routerAddress(0, 4), 'fd60::1']
    const routes = [
      { dst: '0.0.0.0/0', gw },
      { dst: '10.70.0.0/16', gw, mtu: 1300, advmss: 1200 },
      { dst: '10.71.0.0/16', gw, priority: 50 },
      { dst: '10.72.0.0/16', gw, table: 77 },
      { dst: '10.73.0.0/16', scope: 253 },
      { dst: 'fd70::/48', gw: gw6, mtu: 1300, advmss: 1200 },
      { dst: 'fd71::/48', gw: gw6, priority: 50 },
      { dst: 'fd72::/48', gw: gw6, table: 77 },
      { dst: 'fd73::/48', scope: 253 }
    ]
    const { ips = [] } = pod.resultOf('eth0')
    await pod.coordinate('eth0', { prevResult: { ...pod.resultOf('eth0'), routes, ips } })
    const main = await routesIn(pod.netns, 'main')
    const of = (dst: string) => main.find(route => route.dst === dst)
    t.match(of('10.70.0.0/16'), { gateway: gw, metrics: [{ mtu: 1300, advmss: 1200 }] })
    t.match(of('10.71.0.0/16'), { gateway: gw, metric: 50 })
    t.equal(of('10.72.0.0/16'), undefined, 'and not in the main table')
    t.match(await routesIn(pod.netns, 77), [{ dst: '10.72.0.0/16', gateway: gw, dev: 'eth0' }])
    t.match(of('10.73.0.0/16'), { dev: 'eth0', scope: 'link' })
    const main6 = await routesIn(pod.netns, 'main', 6)
    const of6 = (dst: string) => main6.find(route => route.dst === dst)
    t.match(of6('fd70::/48'), { gateway: gw6, metrics: [{ mtu: 1300, advmss: 1200 }] })
    t.match(of6('fd71::/48'), { gateway: gw6, metric: 50 })
    t.equal(of6('fd72::/48'), undefined)
    const other6 = await routesIn(pod.netns, 77, 6)
    t.match(other6, [{ dst: 'fd72::/48', gateway: gw6, dev: 'eth0' }])
    t.match(of6('fd73::/48'), { dev: 'eth0' })
    t.equal(of6('fd73::/48')?.gateway, undefined, 'what is on the link has no gateway')
    await pod.uncoordinate('eth0')
    t.equal(await dumpOf(pod.netns), bare.pod)
  })

  t.test('an address alone, with a gateway beyond its subnet', async t => {
    await using single = await ChainedPod.add(host, [{ ifname: 'eth0', network: 0 }])
    await single.addMain({ ifname: 'net1', network: 1 })
    const [address, gateway] = [single.address('net1', 4), routerAddress(1, 4)]
    const [address6, gateway6] = [single.address('net1', 6), routerAddress(1, 6)]
    // What clouds give, and a main plugin makes of it.
    await single.netns.ip('address', 'flush', 'scope', 'global', 'dev', 'net1')
    await single.netns.addAddress('net1', `${address}/32`)
    await single.netns.addAddress('net1', `${address6}/128`)
    const prevResult = {
      ...single.resultOf('net1'),
      ips: [
        { address: `${address}/32`, gateway },
        { address: `${address6}/128`, gateway: gateway6 }
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: gateway },
        { dst: '::/0', gw: gateway6 }
      ]
    }
    await single.coordinate('net1', { prevResult, podDefaultRouteNIC: 'net1' })
    for (const [family, via] of [
      [4, gateway],
      [6, gateway6]
    ] as const) {
      for (const table of ['main', 102]) {
        const routes = await routesIn(single.netns, table, family)
        const seen = routes.find(({ dst, dev }) => dst === 'default' && dev === 'net1')
        t.match(seen, { gateway: via, flags: ['onlink'] }, `IPv${family}, table ${table}`)
      }
    }
    t.match(await wayOf(single.netns, anywhere), { dev: 'net1', gateway })
    t.match(await single.netns.ping(clientAddress[4]), /bytes/)
    t.match(await single.netns.ping(clientAddress[6]), /bytes/)
    for (const own of [address, address6]) {
      t.match(await underlay.client.ping(own), /bytes/)
      t.match(await node.ping(own), /bytes/)
    }
    await single.coordinate('eth0')
  })
}

/** Of a pod that has one interface more than its default one, or two. */
function wish(ifname: string, networks = 'default/lan1,default/lan2') {
  return {
    'ipam.spidernet.io/default-route-nic': ifname,
    'k8s.v1.cni.cncf.io/networks': networks
  }
}

function annotated(ifname: string) {
  const annotations = wish(ifname, 'default/lan1')
  return { runtimeConfig: { 'io.kubernetes.cri.pod-annotations': annotations } }
}
