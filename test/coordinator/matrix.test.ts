// Who reaches whom and by which interface, in both directions, by what the kernel says (`ip route get`) and by the packets
// themselves: mode, families, number of interfaces, interface of the default route, and the pod's reverse-path filter. Not
// each combination is tried, but each value of one with each value of every other one, which is counted at the end. The router
// is a trap for packets that take another way than they came: it drops what comes in where it would not send back to.

import t, { type Test } from 'tap'
import { capture, captured, type Sighting } from '../support/capture.ts'
import { ChainedPod, type Interface } from '../support/chained-pod.ts'
import { mainPlugins, plugin } from '../support/ipam.ts'
import type { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { clientAddress, NodeDaemon, Underlay } from '../support/underlay.ts'

const what = 'pods with one to three interfaces'
const programs = ['ip', 'ping', 'nft', 'sysctl', plugin, ...mainPlugins('macvlan', 'ptp')]
const families = [4, 6] as const
const service = { 4: '10.96.0.10', 6: 'fd96::10' } as const

const nodeAddress = { 4: '10.60.0.11', 6: 'fd60::11' } as const
const otherAddress = { 4: '10.60.0.12', 6: 'fd60::12' } as const
/** The node's, on its segments and on the cables of an overlay. */
const nodeSources = /^(10\.60\.0\.11|fd60::11|10\.244\.0\.1|fd44::1)$/

/** Who comes by the node with an address of its own, as clients of a NodePort do where the traffic policy is Local. */
const visitor = { 4: '203.0.113.7', 6: 'fd99::7' } as const

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

/** Interfaces of one pod, and how they are coordinated one time after the other. */
interface Group {
  readonly mode: 'underlay' | 'overlay'
  readonly families: readonly Family[]
  /** Of interfaces that are coordinated; an overlay has eth0 beside them. */
  readonly count: 1 | 2 | 3
  readonly rounds: readonly (readonly [defaultNic: string, podRPFilter: 0 | 1 | 2])[]
}

type Family = 4 | 6

const both = families
/** Values of the axes that the rounds have shown together. */
const met = new Set<string>()

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
  // What a bridge of others has is none of the node's own addresses.
  await node.addBridge('cni9')
  for (const family of both) {
    await node.addAddress('cni9', `${visitor[family]}/${family === 4 ? 32 : 128}`)
  }

  /** One pod, whose main plugins run once. */
  async function go(t: Test, group: Group): Promise<void> {
    const { mode, count, rounds } = group
    const ifnames = (
      mode === 'underlay' ? ['eth0', 'net1', 'net2'] : ['net1', 'net2', 'net3']
    ).slice(0, count)
    await using pod = await ChainedPod.add(host, interfacesOf(group, ifnames))
    await capture(pod.netns)
    for (const [defaultNic, podRPFilter] of rounds) {
      const coordinator = { mode: mode === 'underlay' ? mode : 'auto', podRPFilter }
      for (const ifname of ifnames) {
        await pod.coordinate(ifname, { ...coordinator, podDefaultRouteNIC: defaultNic })
      }
      await t.test(`default route by ${defaultNic}, rp_filter ${podRPFilter}`, async t => {
        for (const ifname of ifnames) await pod.check(ifname)
        await judge(t, pod, group, ifnames, defaultNic)
      })
      for (const ifname of ifnames.toReversed()) await pod.uncoordinate(ifname)
      note(group, defaultNic, podRPFilter)
    }
  }

  async function judge(
    t: Test,
    pod: ChainedPod,
    { mode, families }: Group,
    ifnames: readonly string[],
    defaultNic: string
  ): Promise<void> {
    const cable = mode === 'underlay' ? 'veth0' : 'eth0'
    const ownOf = (ifname: string) => families.map(family => pod.address(ifname, family))
    const own = ifnames.flatMap(ownOf)
    const nodes = families.map(family => nodeAddress[family])
    const clients = families.map(family => clientAddress[family])
    const services = families.map(family => service[family])
    const reaches = async (from: Netns, name: string, to: readonly string[]) =>
      t.same(await silent(from, to), [], `${name} reaches ${to.join(' ')}`)
    const isBeyond = mode === 'underlay' || defaultNic !== 'eth0'
    await Promise.all([
      reaches(node, 'its node', mode === 'underlay' ? own : [...own, ...ownOf('eth0')]),
      reaches(other, 'another node', own),
      reaches(underlay.client, 'a client', own),
      // An overlay's addresses are known to nobody beyond the node.
      reaches(pod.netns, 'the pod', [...nodes, ...services, ...(isBeyond ? clients : [])]),
      reaches(
        node,
        'who comes by the node',
        mode === 'underlay'
          ? ifnames.flatMap(ifname =>
              families.map(family => `-I ${visitor[family]} ${pod.address(ifname, family)}`)
            )
          : []
      ),
      reaches(
        pod.netns,
        'each interface',
        ifnames.flatMap(ifname =>
          families.map(family => `-I ${pod.address(ifname, family)} ${clientAddress[family]}`)
        )
      )
    ])
    const seen = await captured(pod.netns)
    await capture(pod.netns)
    t.same(crooked(seen), [], 'what comes in by a link is answered by it, and nothing comes twice')
    const by = (way: Sighting['way'], to: string, from?: string) =>
      linksOf(seen, one => one.way === way && one.to === to && (from ?? one.from) === one.from)
    for (const family of families) {
      const [client, nodes] = [clientAddress[family], nodeAddress[family]]
      t.same(by('out', service[family]), [cable], `to Services, IPv${family}`)
      t.same(by('out', nodes), [cable], `to the node, IPv${family}`)
      const asked: string[] = [client, service[family]]
      const beside = ifnames.map(ifname => `${client} from ${pod.address(ifname, family)}`)
      const ways = await linksByRoute(pod.netns, family, [...asked, ...beside])
      t.same(ways, [defaultNic, cable, ...ifnames], `as ip route get has it, IPv${family}`)
      for (const ifname of ifnames) {
        const address = pod.address(ifname, family)
        t.same(by('in', address, client), [ifname], `from a client to ${ifname}`)
        t.same(by('in', address, otherAddress[family]), [ifname], `from another node to ${ifname}`)
        t.same(by('out', client, address), [ifname], `to a client from ${ifname}`)
        const fromNode = linksOf(seen, one => one.to === address && isOfNode(one, nodes))
        t.same(fromNode, [cable], `from the node to ${ifname}`)
        if (mode === 'overlay') continue
        t.same(by('out', visitor[family], address), [cable], `to who came by the node, ${ifname}`)
      }
    }
  }

  const one = ['eth0', 'net1', 'net2'] as const
  t.test('underlay, one interface (C00001)', async t =>
    go(t, {
      ...{ mode: 'underlay', families: both, count: 1 },
      rounds: [
        ['eth0', 0],
        ['eth0', 1],
        ['eth0', 2]
      ]
    })
  )
  t.test('underlay, two (C00003, C00006, C00011, C00012, C00020)', async t =>
    go(t, {
      ...{ mode: 'underlay', families: both, count: 2 },
      rounds: [
        ['eth0', 0],
        ['net1', 0],
        ['net1', 1],
        ['eth0', 2]
      ]
    })
  )
  t.test(
    'underlay, three, also with a strict filter (C00021, #3683, #3725, #3953, #2176)',
    async t =>
      go(t, {
        ...{ mode: 'underlay', families: both, count: 3 },
        rounds: [
          ['eth0', 1],
          ['net1', 1],
          ['net2', 1],
          ['net2', 0],
          ['net1', 2],
          ['net2', 2]
        ]
      })
  )
  t.test('overlay, one more interface (C00002)', async t =>
    go(t, {
      ...{ mode: 'overlay', families: both, count: 1 },
      rounds: [
        ['eth0', 0],
        ['net1', 1]
      ]
    })
  )
  t.test('overlay, two more (C00004, C00005)', async t =>
    go(t, {
      ...{ mode: 'overlay', families: both, count: 2 },
      rounds: [
        ['eth0', 1],
        ['net1', 0],
        ['net2', 2]
      ]
    })
  )
  t.test('overlay, three more', async t =>
    go(t, {
      ...{ mode: 'overlay', families: both, count: 3 },
      rounds: [
        ['eth0', 2],
        ['net2', 1]
      ]
    })
  )
  for (const family of both) {
    t.test(`IPv${family} alone, one to three interfaces (#3359, #3296)`, async t => {
      const strict = family === 4 ? 1 : 2
      const rounds = { 1: [['eth0', 0]], 2: [['net1', strict]], 3: [['net2', 3 - strict]] } as const
      for (const count of [1, 2, 3] as const) {
        const mode = count === 2 ? 'overlay' : 'underlay'
        await go(t, { mode, families: [family], count, rounds: rounds[count] as Group['rounds'] })
      }
    })
  }

  t.test('each value of one axis has met each of every other one', async t => {
    const axes = {
      mode: ['underlay', 'overlay'],
      families: ['4', '6', '4 and 6'],
      count: ['1', '2', '3'],
      default: one,
      filter: ['0', '1', '2']
    }
    const values = Object.entries(axes).map(([axis, all]) => all.map(value => `${axis} ${value}`))
    const pairs = values.flatMap((some, i) =>
      values.slice(i + 1).flatMap(others => some.flatMap(a => others.map(b => `${a}, ${b}`)))
    )
    // A pod with one interface has no second, and with two in an underlay no third one.
    const impossible = ['count 1, default net2']
    t.same(
      pairs.filter(pair => !met.has(pair) && !impossible.includes(pair)),
      []
    )
  })
}

function note({ mode, families, count }: Group, defaultNic: string, rpFilter: number): void {
  const values = [
    ...[`mode ${mode}`, `families ${families.join(' and ')}`, `count ${count}`],
    ...[`default ${defaultNic}`, `filter ${rpFilter}`]
  ]
  for (const [i, a] of values.entries()) for (const b of values.slice(i + 1)) met.add(`${a}, ${b}`)
}

function interfacesOf({ mode, families }: Group, ifnames: readonly string[]): Interface[] {
  const overlay: Interface = { ifname: 'eth0', network: 'overlay', families, coordinator: false }
  return [
    ...(mode === 'overlay' ? [overlay] : []),
    ...ifnames.map((ifname, i): Interface => ({
      ...{ ifname, families, coordinator: false },
      // In an overlay the first segment comes last: the node has its own addresses there.
      network: mode === 'underlay' ? i : (i + 1) % 3
    }))
  ]
}

function linksOf(seen: readonly Sighting[], isMeant: (one: Sighting) => boolean): string[] {
  return [...new Set(seen.filter(isMeant).map(({ link }) => link))].sort()
}

/** A node sends from any of its addresses, and no client has one of those. */
function isOfNode({ way, from, type }: Sighting, address: string): boolean {
  return way === 'in' && type === 'echo-request' && (from === address || nodeSources.test(from))
}

/** Packets that came by one link and were answered by another one, or that took two. */
function crooked(seen: readonly Sighting[]): string[] {
  const text = ({ way, link, type, from, to }: Sighting) => `${way} ${link} ${type} ${from} ${to}`
  const all = new Set(seen.map(text))
  return seen.flatMap(one => {
    const answer = {
      ...one,
      way: one.way === 'in' ? 'out' : 'in',
      from: one.to,
      to: one.from
    } as const
    const isAnswered = one.type === 'echo-reply' || all.has(text({ ...answer, type: 'echo-reply' }))
    const twins = seen.filter(two => text({ ...two, link: one.link }) === text(one))
    return isAnswered && twins.length === 1 ? [] : [text(one)]
  })
}

/** Those that do not answer. One process asks all of them at once; a first packet may wait for a neighbour. */
async function silent(from: Netns, addresses: readonly string[]): Promise<string[]> {
  const asks = addresses.map(address => {
    const ask = `ping -n -q -c 1 -W 2 ${address} >/dev/null 2>&1`
    return `(${ask} || ${ask} || echo "${address}") &`
  })
  const out = await from.exec('sh', '-c', `${asks.join(' ')} wait`)
  return out.split('\n').filter(Boolean).sort()
}

/** One process says all of them. */
async function linksByRoute(
  netns: Netns,
  family: Family,
  questions: readonly string[]
): Promise<(string | undefined)[]> {
  const out = await netns.ipAll([`-${family}`, '-j'], ...questions.map(to => `route get ${to}`))
  const answers = out.split('\n').filter(line => line.startsWith('['))
  return answers.map(line => (JSON.parse(line) as { dev?: string }[])[0]?.dev)
}
