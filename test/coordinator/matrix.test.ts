// Who reaches whom and by which interface, in both directions: mode, number of interfaces, interface of the default
// route, and the pod's reverse-path filter, each with both families. The router is a trap for packets that take another way than
// they came: it drops what comes in where it would not send back to.

import t, { type Test } from 'tap'
import { ChainedPod, type Interface } from '../support/chained-pod.ts'
import { mainPlugins, plugin } from '../support/ipam.ts'
import type { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { clientAddress, NodeDaemon, Underlay } from '../support/underlay.ts'

const what = 'pods with one to three interfaces'
const programs = ['ip', 'ping', 'nft', 'sysctl', plugin, ...mainPlugins('macvlan', 'ptp')]
const families = [4, 6] as const
const service = { 4: '10.96.0.10', 6: 'fd96::10' } as const

/** As kube-proxy does with nftables: a Service's address becomes that of a backend, here the other node. */
const serviceRules = `
table ip services {
  chain prerouting { type nat hook prerouting priority dstnat; ip daddr ${service[4]} dnat to 10.60.0.12; }
  chain postrouting { type nat hook postrouting priority srcnat; ct status dnat masquerade; }
}
table ip6 services {
  chain prerouting { type nat hook prerouting priority dstnat; ip6 daddr ${service[6]} dnat to fd60::12; }
  chain postrouting { type nat hook postrouting priority srcnat; ct status dnat masquerade; }
}`

const trap = `
table inet trap {
  chain prerouting {
    type filter hook prerouting priority raw;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
    fib saddr . iif oif missing drop
  }
}`

const cluster = `apiVersion: spiderpool.spidernet.io/v2beta1
kind: SpiderCoordinator
metadata: { name: default }
spec: { podCIDRType: none, serviceCIDR: [10.96.0.0/12, 'fd96::/108'], hijackCIDR: [169.254.0.0/16] }
`

if (requireRoot(t, what) && requirePrograms(t, what, programs)) await suite()

async function suite(): Promise<void> {
  t.setTimeout(240_000)
  const underlay = await Underlay.make(2)
  const [node, other] = [underlay.node(0), underlay.node(1)]
  const host = await NodeDaemon.start(node, 1, { documents: cluster })
  t.teardown(async () => {
    await host[Symbol.asyncDispose]()
    await underlay[Symbol.asyncDispose]()
  })
  await node.exec('nft', serviceRules)
  await underlay.router.exec('nft', trap)

  /** Everybody who must reach all of these addresses does. */
  async function reaches(t: Test, from: Netns, name: string, to: readonly string[]): Promise<void> {
    t.same(await silent(from, to), [], `${name} reaches ${to.join(' ')}`)
  }

  async function judge(
    t: Test,
    pod: ChainedPod,
    ifnames: readonly string[],
    defaultNic: string
  ): Promise<void> {
    for (const ifname of ifnames) await pod.check(ifname)
    const own = ifnames.flatMap(ifname => families.map(family => pod.address(ifname, family)))
    await Promise.all([
      reaches(t, node, 'its node', own),
      reaches(t, other, 'another node', own),
      reaches(t, underlay.client, 'a client', own),
      reaches(t, pod.netns, 'the pod', [
        ...['10.60.0.11', 'fd60::11', '10.60.0.12', 'fd60::12'],
        ...Object.values(clientAddress),
        ...Object.values(service)
      ])
    ])
    for (const family of families) {
      const way = async (...to: string[]) => linkOf(pod.netns, family, to)
      t.equal(await way(clientAddress[family]), defaultNic, `the default route, IPv${family}`)
      t.equal(await way(service[family]), 'veth0', 'Services go through the node')
      for (const ifname of ifnames) {
        const from = ['from', pod.address(ifname, family)]
        t.equal(
          await way(clientAddress[family], ...from),
          ifname,
          'what has its address leaves by it'
        )
        t.equal(await way(family === 4 ? '10.60.0.11' : 'fd60::11', ...from), 'veth0')
      }
    }
  }

  const names = ['eth0', 'net1', 'net2']
  for (const count of [1, 2, 3]) {
    for (const defaultNic of names.slice(0, count)) {
      for (const podRPFilter of [0, 1, 2]) {
        const ids = idsOf(count, defaultNic, podRPFilter)
        const title = `underlay, ${count} interfaces, default route by ${defaultNic}, rp_filter ${podRPFilter}${ids}`
        t.test(title, async t => {
          const coordinator = { mode: 'underlay', podRPFilter, podDefaultRouteNIC: defaultNic }
          const interfaces = names
            .slice(0, count)
            .map((ifname, network): Interface => ({ ifname, network, coordinator }))
          await using pod = await ChainedPod.add(host, interfaces)
          await judge(t, pod, names.slice(0, count), defaultNic)
        })
      }
    }
  }

  for (const count of [1, 2]) {
    for (const defaultNic of ['eth0', ...names.slice(1, count + 1)]) {
      const title = `overlay, ${count} more interfaces, default route by ${defaultNic}${count === 1 ? ' (C00002)' : ' (C00004)'}`
      t.test(title, async t => {
        const coordinator = { mode: 'auto', podDefaultRouteNIC: defaultNic }
        await using pod = await ChainedPod.add(host, [
          { ifname: 'eth0', network: 'overlay', coordinator: false },
          ...names
            .slice(1, count + 1)
            .map((ifname, i): Interface => ({ ifname, network: i + 1, coordinator }))
        ])
        const extra = names.slice(1, count + 1)
        const own = extra.flatMap(ifname => families.map(family => pod.address(ifname, family)))
        await Promise.all([
          reaches(t, node, 'its node', [...own, pod.address('eth0', 4), pod.address('eth0', 6)]),
          reaches(t, other, 'another node', own),
          reaches(t, underlay.client, 'a client', own),
          reaches(t, pod.netns, 'the pod', ['10.60.0.11', 'fd60::11', ...Object.values(service)])
        ])
        for (const family of families) {
          t.equal(await linkOf(pod.netns, family, [clientAddress[family]]), defaultNic)
          t.equal(await linkOf(pod.netns, family, [service[family]]), 'eth0')
          for (const ifname of ['eth0', ...extra]) {
            const to = [clientAddress[family], 'from', pod.address(ifname, family)]
            t.equal(await linkOf(pod.netns, family, to), ifname, `${ifname}, IPv${family}`)
          }
        }
        for (const ifname of extra) await pod.check(ifname)
      })
    }
  }

  for (const family of families) {
    t.test(`underlay, IPv${family} alone, two interfaces`, async t => {
      const coordinator = { podDefaultRouteNIC: 'net1' }
      const own = { families: [family], coordinator }
      await using pod = await ChainedPod.add(host, [
        { ifname: 'eth0', network: 0, ...own },
        { ifname: 'net1', network: 1, ...own }
      ])
      const addresses = ['eth0', 'net1'].map(ifname => pod.address(ifname, family))
      await reaches(t, node, 'its node', addresses)
      await reaches(t, underlay.client, 'a client', addresses)
      await reaches(t, pod.netns, 'the pod', [clientAddress[family], service[family]])
      t.equal(await linkOf(pod.netns, family, [clientAddress[family]]), 'net1')
    })
  }
}

/** Of reference acceptance rows, by their ids. */
function idsOf(count: number, defaultNic: string, rpFilter: number): string {
  if (count === 3 && rpFilter === 1) return ' (C00021)'
  if (rpFilter !== 0) return ''
  if (count === 1) return ' (C00001)'
  if (count === 2) return defaultNic === 'eth0' ? ' (C00003, C00011, C00012)' : ' (C00006, C00020)'
  return ''
}

/** Those that do not answer. One process asks all of them at once; a first packet may wait for a neighbour. */
async function silent(from: Netns, addresses: readonly string[]): Promise<string[]> {
  const asks = addresses.map(
    address =>
      `(ping -n -q -c 1 -W 2 ${address} >/dev/null 2>&1 || ping -n -q -c 1 -W 2 ${address} >/dev/null 2>&1 || echo ${address}) &`
  )
  const out = await from.exec('sh', '-c', `${asks.join(' ')} wait`)
  return out.split('\n').filter(Boolean).sort()
}

async function linkOf(
  netns: Netns,
  family: 4 | 6,
  to: readonly string[]
): Promise<string | undefined> {
  const out = JSON.parse(await netns.ip('-j', `-${family}`, 'route', 'get', ...to)) as {
    dev?: string
  }[]
  return out[0]?.dev
}
