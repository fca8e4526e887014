// The plan, on literal views: what has to be there, and that a plan that is carried out plans the same again.

import t from 'tap'
import { parseCidr } from '../../src/core/cidr.ts'
import { type CoordinatorWishes, settingsOf } from '../../src/core/coordination/settings.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import { type Circumstances, noMemory } from '../../src/coordinator/circumstances.ts'
import { cableMacs, hostVethName, tableOf } from '../../src/coordinator/numbers.ts'
import { type Plan, planOf } from '../../src/coordinator/plan.ts'
import { operationKey } from '../../src/coordinator/step.ts'
import type { Link, LinkAddress, NamespaceView, Route } from '../../src/kernel/view.ts'
import { routeOf } from '../../src/coordinator/made-routes.ts'
import { ip, key } from '../support/samples.ts'

const empty: NamespaceView = {
  ...{ links: [], addresses: [], routes: [], rules: [], neighbours: [] },
  ...{ sysctls: new Map(), ways: [] }
}

function cidr(text: string) {
  const parsed = parseCidr(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

function link(name: string, index: number, more: Partial<Link> = {}): Link {
  return {
    ...{ index, name, mac: `02:00:00:00:00:0${index}` as Mac, mtu: 1500, txQueueLen: 0 },
    ...{ isUp: true, isRunning: true, isBroadcast: true, isMulticast: true },
    ...{ isLoopback: false, isNoArp: false, ...more }
  }
}

function address(of: string, text: string): LinkAddress {
  const [host = '', prefix] = text.split('/')
  return {
    ...{ link: of, address: ip(host), prefix: Number(prefix), scope: 0, isPermanent: true },
    ...{ isTentative: false, isDadFailed: false, isDeprecated: false },
    ...{ isNoDad: false, isNoPrefixRoute: false }
  }
}

function gatewayRoute(of: string, gateway: string, metric = 0): Route {
  const destination = cidr('0.0.0.0/0')
  return routeOf({ table: 254, destination, link: of, gateway: ip(gateway), metric })
}

const host: NamespaceView = {
  ...empty,
  links: [link('lo', 1, { isLoopback: true }), link('lan0', 2), link('docker0', 3)],
  addresses: [
    address('docker0', '172.17.0.1/16'),
    address('lan0', '192.0.2.7/24'),
    address('lan0', '10.9.0.11/24')
  ]
}

const onePod: NamespaceView = {
  ...empty,
  links: [link('lo', 1, { isLoopback: true }), link('eth0', 2, { kind: 'macvlan' })],
  addresses: [address('eth0', '10.9.0.100/24')],
  routes: [gatewayRoute('eth0', '10.9.0.1')]
}

function circumstances(
  wishes: CoordinatorWishes = {},
  more: Partial<Circumstances> = {}
): Circumstances {
  return {
    settings: settingsOf({ configuration: wishes, annotation: undefined, cluster: {} }),
    ...{ key: key('c1'), macs: cableMacs('c1'), result: { addresses: [], routes: [] } },
    ...{ pod: onePod, host },
    ...{ memory: noMemory, expected: undefined, ...more }
  }
}

function planned(given: Circumstances): Plan {
  const plan = planOf(given)
  if ('problem' in plan) throw new Error(plan.problem)
  return plan
}

t.test('the first interface of an underlay', async t => {
  const plan = planned(circumstances({ serviceCidrs: [cidr('10.96.0.0/12')] }))
  const keys = plan.steps.map(operationKey)
  for (const wanted of [
    `Host link ${hostVethName('c1')}`,
    'Host rule IPv4 1000  lookup 500',
    'Host route 10.9.0.100/32 tos 0 metric 0 in 500',
    'Pod route 10.9.0.11/32 tos 0 metric 0 in 254',
    'Pod route 10.9.0.11/32 tos 0 metric 0 in 101',
    'Pod route 192.0.2.7/32 tos 0 metric 0 in 254',
    'Pod route 10.96.0.0/12 tos 0 metric 0 in 254',
    'Pod route 0.0.0.0/0 tos 0 metric 0 in 100',
    'Pod rule IPv4 1000 mark 1/4294967295 lookup 100',
    'Pod marks'
  ]) {
    t.ok(keys.includes(wanted), wanted)
  }
  t.notOk(
    keys.some(text => text.includes('172.17')),
    'the address of a bridge is none of the node’s'
  )
  t.notOk(
    keys.some(text => text.includes('IPv6')),
    'a family that it lacks needs nothing'
  )
  const hijacked = plan.steps.find(step => operationKey(step).includes('10.96.0.0/12'))
  t.match(
    hijacked,
    { route: { hops: [{ gateway: ip('10.9.0.11'), link: 'veth0' }] } },
    'by the near one'
  )
  t.same(plan.warnings, [])
})

t.test('a missing CIDR is a warning, a missing address of the node too (#3015, #3210)', async t => {
  t.match(planned(circumstances()).warnings, [/no IPv4 serviceCIDR/])
  const bare = planned(circumstances({}, { host: { ...host, addresses: [] } }))
  t.match(bare.warnings, [/no IPv4 address/])
  t.notOk(bare.steps.some(({ type }) => type === 'PutMarks'))
})

t.test('tables belong to names', async t => {
  const taken = new Map([['data', 301]])
  const rows: [string, number, number][] = [
    ['eth0', 101, 100],
    ['net1', 102, 101],
    ['net99', 200, 199],
    ['net100', 302, 302],
    ['data', 301, 301],
    ['other', 302, 302]
  ]
  for (const [ifname, underlay, overlay] of rows) {
    t.equal(tableOf(ifname, { mode: 'underlay', defaultNic: 'eth0', taken }), underlay, ifname)
    t.equal(tableOf(ifname, { mode: 'overlay', defaultNic: 'eth0', taken }), overlay, ifname)
  }
})

const twoPod: NamespaceView = {
  ...onePod,
  links: [...onePod.links, link('veth0', 3, { kind: 'veth' }), link('net1', 4)],
  addresses: [...onePod.addresses, address('net1', '10.8.0.100/24')]
}

const secondKey = key('c1', 'net2', 'net1')
const second: Partial<Circumstances> = {
  ...{ pod: twoPod, key: secondKey },
  result: {
    addresses: [{ address: ip('10.8.0.100'), prefix: 24, gateway: ip('10.8.0.1') }],
    routes: [{ destination: cidr('0.0.0.0/0') }]
  }
}

t.test('a default route that the main plugin has dropped is the interface’s own', async t => {
  const stays = planned(circumstances({}, second))
  const keys = stays.steps.map(operationKey)
  t.ok(keys.includes('Pod route 0.0.0.0/0 tos 0 metric 0 in 102'))
  t.ok(keys.includes('Pod rule IPv4 1102 from 10.8.0.100/32 lookup 102'))
  t.ok(keys.includes('Pod rule IPv4 1101 from 10.9.0.100/32 lookup 101'))
  const main = (plan: Plan) =>
    plan.steps.find(step => operationKey(step) === 'Pod route 0.0.0.0/0 tos 0 metric 0 in 254')
  t.match(main(stays), { route: { hops: [{ link: 'eth0' }] } }, 'it stays where it is')
  const moves = planned(circumstances({ podDefaultRouteNic: 'net1' }, second))
  t.match(main(moves), { route: { hops: [{ link: 'net1', gateway: ip('10.8.0.1') }] } })
  const untuned = planned(circumstances({ tunePodRoutes: false }, second))
  t.equal(main(untuned), undefined, 'tunePodRoutes: false (C00017)')
})

t.test('an absent interface for the default route (C00014, A00012)', async t => {
  const rows: [Partial<Circumstances>, CoordinatorWishes, RegExp | undefined][] = [
    [{ expected: ['eth0', 'net1'] }, { podDefaultRouteNic: 'net1' }, undefined],
    [second, { podDefaultRouteNic: 'net7' }, undefined],
    [
      { ...second, expected: ['eth0', 'net1'] },
      { podDefaultRouteNic: 'net7' },
      /net7 of the network/
    ],
    [
      second,
      { podDefaultRouteNic: 'data' },
      /data .*does not exist in the pod, which has eth0 and net1/
    ],
    [{}, { podDefaultRouteNic: 'data' }, undefined]
  ]
  for (const [more, wishes, problem] of rows) {
    const plan = planOf(circumstances(wishes, more))
    if (problem === undefined) t.notOk('problem' in plan, JSON.stringify(wishes))
    else t.match(plan, { problem })
  }
  const settings = settingsOf({ configuration: {}, annotation: 'net9', cluster: {} })
  const told = planOf(circumstances({}, { settings, expected: ['eth0', 'net1'] }))
  t.match(told, { problem: /net9 of the pod’s annotation/ }, 'an annotation is known at once')
})

t.test('hardware address, table and policy routes (C00008, C00016, C00024)', async t => {
  const policyRoutes = [{ destination: cidr('10.20.0.0/16'), gateway: ip('10.9.0.9') }]
  const wishes = { podMacPrefix: '0a:1b', hostRuleTable: 600, policyRoutes }
  const plan = planned(circumstances(wishes))
  t.equal(plan.mac, '0a:1b:0a:09:00:64')
  const keys = plan.steps.map(operationKey)
  t.ok(keys.includes('Host rule IPv4 1000  lookup 600'))
  t.ok(keys.includes('Pod route 10.20.0.0/16 tos 0 metric 0 in 254'), 'of the default interface')
  const extra = planned(circumstances(wishes, second)).steps.map(operationKey)
  t.ok(extra.includes('Pod route 10.20.0.0/16 tos 0 metric 0 in 102'))
  t.notOk(extra.includes('Pod route 10.20.0.0/16 tos 0 metric 0 in 254'))
})

t.test('modes that cannot be are refused', async t => {
  const rows: [CoordinatorWishes, Partial<Circumstances>, RegExp][] = [
    [{ mode: 'overlay' }, {}, /not for eth0/],
    [{ mode: 'overlay' }, second, /veth0 is there/],
    [
      { mode: 'underlay' },
      { ...second, pod: { ...twoPod, links: [link('net1', 4)] } },
      /has to come first/
    ],
    [{}, { key: key('c1', 'net2', 'net5') }, /net5 does not exist/]
  ]
  for (const [wishes, more, problem] of rows) {
    t.match(planOf(circumstances(wishes, more)), { problem })
  }
})
