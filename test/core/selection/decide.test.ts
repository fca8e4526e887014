// Which pools an ADD may use: precedence, names, wildcards, filters, order.

import t from 'tap'
import type { Demand } from '../../../src/core/demand.ts'
import type { IpPool, PoolAffinity } from '../../../src/core/ip-pool.ts'
import { claimsOf } from '../../../src/core/selection/claims.ts'
import { decide } from '../../../src/core/selection/decide.ts'
import type { Question } from '../../../src/core/selection/question.ts'
import { type Facts, factsOfNode } from '../../../src/core/selection/facts.ts'
import { ip, pool } from '../../support/samples.ts'

const only = (one: IpPool, affinity: PoolAffinity): IpPool => ({ ...one, affinity })
const quiet = (one: IpPool): IpPool => ({ ...one, isDefault: false })
const a4 = pool('a4', '10.1.0.0/24', '10.1.0.2-10.1.0.9')
const b4 = quiet(pool('b4', '10.2.0.0/24', '10.2.0.2'))
const c4 = quiet(pool('c4', '10.3.0.0/24', '10.3.0.2'))
const a6 = pool('a6', 'fd00:1::/64', 'fd00:1::2')
const b6 = quiet(pool('b6', 'fd00:2::/64', 'fd00:2::2'))
const off: IpPool = { ...quiet(pool('off', '10.4.0.0/24', '10.4.0.2')), isDisabled: true }

const plain: Demand = { requested: [], cleanGateway: false }
const bare = factsOfNode('n1')

interface Case {
  readonly pools?: readonly IpPool[]
  readonly demand?: Partial<Demand>
  readonly facts?: Facts
  readonly ifname?: string
  readonly siblings?: readonly string[]
  readonly namespace?: string
}

function asked({ pools, demand, facts = bare, ifname = 'eth0', ...more }: Case) {
  const all = pools ?? [a4, b4, c4, a6, b6, off]
  const question: Question = {
    key: { ifname },
    pod: more.namespace === undefined ? {} : { namespace: more.namespace, name: 'p' },
    demand: { ...plain, ...demand },
    facts,
    pools: new Map(all.map(one => [one.name, one])),
    siblings: more.siblings ?? []
  }
  return decide(question)
}

/** `eth0: a4,b4`, one for each address that is needed, or the reason why not. */
function text(decision: ReturnType<typeof decide>): string[] | string {
  if (decision.refusal !== undefined) return decision.refusal.reason
  return claimsOf(decision).map(claim => {
    const names = claim.pools.map(({ name }) => name).join()
    return `${claim.ifname}: ${claim.type === 'Next' ? '' : 'exactly of '}${names}`
  })
}

const annotated = (annotations: Record<string, unknown>): Partial<Demand> => ({
  annotations: Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [
      key.includes('/') ? key : `ipam.spidernet.io/${key}`,
      typeof value === 'string' ? value : JSON.stringify(value)
    ])
  )
})

const ofNamespace = (annotations: Record<string, string>): Facts => ({
  ...bare,
  namespace: { labels: {}, annotations }
})

t.test('A00004 A00005 A00006: the first level that says anything decides alone', async t => {
  const namespace = ofNamespace({ 'ipam.spidernet.io/default-ipv4-ippool': '["c4"]' })
  const network = { pools: { 4: ['b4'], 6: [] } }
  const rows = [
    { why: 'pools marked default', is: ['eth0: a4', 'eth0: a6'] },
    { why: 'network configuration before default', demand: network, is: ['eth0: b4'] },
    { why: 'namespace before network', demand: network, facts: namespace, is: ['eth0: c4'] },
    {
      why: 'ippool of the pod before the namespace',
      demand: { ...network, ...annotated({ ippool: { ipv6: ['b6'] } }) },
      facts: namespace,
      is: ['eth0: b6']
    },
    {
      why: 'ippools before ippool',
      demand: annotated({
        ippool: { ipv6: ['b6'] },
        ippools: [{ interface: 'eth0', ipv4: ['b4'], ipv6: ['a6'] }]
      }),
      facts: namespace,
      is: ['eth0: b4', 'eth0: a6']
    },
    {
      why: 'no falling through: what the pod names is filtered out',
      demand: { ...network, ...annotated({ ippool: { ipv4: ['off'] } }) },
      is: 'NoPoolFits'
    }
  ]
  for (const { why, is, ...row } of rows) t.same(text(asked(row)), is, why)
})

t.test('pools of lists', async t => {
  const named = (...names: string[]) => ({ pools: { 4: names, 6: [] } })
  const rows = [
    { why: 'G1: in the order written', demand: named('c4', 'a4', 'b4'), is: ['eth0: c4,a4,b4'] },
    { why: 'a pool named twice is tried once', demand: named('a4', 'a4'), is: ['eth0: a4'] },
    { why: 'a disabled pool is passed over', demand: named('off', 'a4'), is: ['eth0: a4'] },
    { why: 'of the other family', demand: named('a6'), is: 'NoPoolFits' },
    { why: 'an unknown name', demand: named('nope'), is: 'PoolUnknown' },
    { why: 'A00007 A00015: a wildcard, by name', demand: named('[bc]4'), is: ['eth0: b4,c4'] },
    { why: 'of the family alone', demand: named('?4'), is: ['eth0: a4,b4,c4'] },
    { why: 'G22: overlapping ones', demand: named('c*', '*4'), is: ['eth0: c4,a4,b4'] },
    { why: 'a wildcard like nothing', demand: named('z*'), is: 'NoPoolFits' },
    {
      why: 'of two families one that is like nothing is not left out silently',
      demand: { pools: { 4: ['a4'], 6: ['z*'] } },
      is: 'NoPoolFits'
    },
    {
      why: 'E00009: one family alone',
      demand: { pools: { 4: [], 6: ['b6'] } },
      is: ['eth0: b6']
    },
    { why: 'no pools at all', pools: [], is: 'NoPoolFits' },
    {
      why: 'of two families of default pools none is left out',
      pools: [a6, { ...off, isDefault: true }],
      is: 'NoPoolFits'
    }
  ]
  for (const { why, is, ...row } of rows) t.same(text(asked(row)), is, why)
})

t.test('the more particular default pools come first, equal ones by name', async t => {
  const many = [
    a4,
    only({ ...b4, isDefault: true, name: 'z-node' }, { nodeName: ['n1'] }),
    only({ ...b4, isDefault: true, name: 'y-node' }, { nodeName: ['n1', 'n2'] }),
    only({ ...b4, isDefault: true, name: 'x-space' }, { namespaceName: ['web'] })
  ]
  t.same(text(asked({ pools: many, namespace: 'web' })), ['eth0: y-node,z-node,x-space,a4'])
  t.same(text(asked({ pools: many.toReversed(), namespace: 'web' })), [
    'eth0: y-node,z-node,x-space,a4'
  ])
})

const labels = (zone: string) => ({ zone })
const selector = (zone: string) => ({ matchLabels: { zone }, matchExpressions: [] })

t.test('L00001-6 D00009-16: whom a pool is for', async t => {
  const known: Facts = {
    networks: { clusterNetwork: 'kube-system/macvlan', namespace: 'kube-system' },
    node: { name: 'n1', labels: labels('a') },
    namespace: { labels: labels('a'), annotations: {} },
    pod: { labels: labels('a'), annotations: {}, isGone: false }
  }
  const networks = { 'k8s.v1.cni.cncf.io/networks': 'blue/vlan7,green' }
  const rows: [string, PoolAffinity, boolean, Partial<Case>?][] = [
    ['nodeName', { nodeName: ['n0', 'n1'] }, true],
    ['another nodeName', { nodeName: ['n0'] }, false],
    ['nodeAffinity', { nodeAffinity: selector('a') }, true],
    ['another nodeAffinity', { nodeAffinity: selector('b') }, false],
    [
      'D00013: nodeName beats nodeAffinity',
      { nodeName: ['n1'], nodeAffinity: selector('b') },
      true
    ],
    ['labels of the node unknown', { nodeAffinity: selector('a') }, false, { facts: bare }],
    ['namespaceName', { namespaceName: ['web'] }, true],
    ['another namespaceName', { namespaceName: ['db'] }, false],
    ['no namespace', { namespaceName: ['web'] }, false, { namespace: '' }],
    ['namespaceAffinity', { namespaceAffinity: selector('a') }, true],
    ['another namespaceAffinity', { namespaceAffinity: selector('b') }, false],
    [
      'D00016: the name beats the selector',
      { namespaceName: ['web'], namespaceAffinity: selector('b') },
      true
    ],
    ['namespace unknown', { namespaceAffinity: selector('a') }, false, { facts: bare }],
    ['podAffinity', { podAffinity: selector('a') }, true],
    ['another podAffinity', { podAffinity: selector('b') }, false],
    ['pod unknown', { podAffinity: selector('a') }, false, { facts: bare }],
    ['all must hold', { nodeName: ['n1'], podAffinity: selector('b') }, false],
    ['D00009: the cluster network', { multusName: ['macvlan'] }, true],
    ['with its namespace', { multusName: ['kube-system/macvlan'] }, true],
    ['D00010: another network', { multusName: ['blue/macvlan'] }, false],
    ['no cluster network known', { multusName: ['macvlan'] }, false, { facts: bare }],
    [
      'an extra interface',
      { multusName: ['blue/vlan7'] },
      true,
      { ifname: 'net1', demand: annotated(networks) }
    ],
    [
      'in the namespace of the pod',
      { multusName: ['web/green'] },
      true,
      { ifname: 'net2', demand: annotated(networks) }
    ],
    [
      'an interface of no network',
      { multusName: ['blue/vlan7'] },
      false,
      { ifname: 'net3', demand: annotated(networks) }
    ]
  ]
  for (const [why, affinity, fits, more = {}] of rows) {
    const decision = asked({ pools: [only(a4, affinity)], facts: known, namespace: 'web', ...more })
    t.equal(decision.refusal === undefined, fits, why)
    if (!fits) t.match(decision.refusal, { reason: 'NoPoolFits', why: [/^pool a4 /] }, why)
  }
})

t.test('M2 M3: interfaces that one annotation names are decided together', async t => {
  const ippools = [
    { interface: 'eth0', ipv4: ['a4'], cleangateway: true },
    { interface: 'net1', ipv4: ['b4'], ipv6: ['b6'] },
    { interface: 'net2', ipv4: ['b4'] }
  ]
  const demand = annotated({ ippools })
  const first = asked({ demand })
  t.same(text(first), ['eth0: a4', 'net1: b4', 'net1: b6', 'net2: b4'], 'G3: two of one pool')
  t.same(
    first.interfaces.map(({ cleanGateway }) => cleanGateway),
    [true, false, false]
  )
  t.same(text(asked({ demand, ifname: 'net1' })), ['net1: b4', 'net1: b6', 'eth0: a4', 'net2: b4'])
  t.same(text(asked({ demand, ifname: 'net2', siblings: ['eth0'] })), [
    'net2: b4',
    'net1: b4',
    'net1: b6'
  ])
  t.match(
    asked({ demand, ifname: 'net9' }).refusal,
    {
      reason: 'AnnotationInvalid',
      problems: [/names eth0, net1, net2, and this ADD is for net9/]
    },
    'A00013'
  )
  const unnamed = annotated({ ippools: [{ ipv4: ['a4'] }, { ipv4: ['b4'] }, { ipv4: ['c4'] }] })
  t.same(text(asked({ demand: unnamed })), ['eth0: a4', '#1: b4', '#2: c4'])
  t.same(text(asked({ demand: unnamed, ifname: 'x', siblings: ['eth0'] })), ['x: b4', '#2: c4'])
  t.match(asked({ demand: unnamed, ifname: 'x', siblings: ['a', 'b', 'c'] }).refusal, {
    problems: [/has 3 entries, and x is interface 4 of the pod/]
  })
  const half = annotated({
    ippools: [
      { interface: 'eth0', ipv4: ['a4'] },
      { interface: 'net1', ipv4: ['off'] }
    ]
  })
  t.equal(text(asked({ demand: half })), 'NoPoolFits', 'one that gets nothing fails all')
})

t.test('addresses by name', async t => {
  const ips = (value: unknown) => annotated({ ips: value, ippool: { ipv4: ['a4'] } })
  const exact = (row: Case) =>
    claimsOf(asked(row)).map(claim => (claim.type === 'Exact' ? claim.address : 'next'))
  t.same(exact({ demand: ips(['10.1.0.5']) }), [ip('10.1.0.5')])
  t.same(exact({ demand: { ...ips(['10.1.0.5']), requested: [ip('10.1.0.7')] } }), [ip('10.1.0.7')])
  t.same(exact({ demand: ips([{ interface: 'net1', ips: ['10.1.0.6'] }]) }), ['next'])
  t.same(exact({ demand: ips([{ interface: 'net1', ips: ['10.1.0.6'] }]), ifname: 'net1' }), [
    ip('10.1.0.6')
  ])
})

t.test('what the runtime says of annotations comes before what is known otherwise', async t => {
  const facts: Facts = {
    ...bare,
    pod: {
      labels: {},
      isGone: false,
      annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["c4"]}' }
    }
  }
  t.same(text(asked({ facts })), ['eth0: c4'])
  t.same(text(asked({ facts, demand: annotated({ ippool: { ipv4: ['b4'] } }) })), ['eth0: b4'])
})

t.test('a refusal of many pools shows some and counts the rest', async t => {
  const many = Array.from({ length: 30 }, (_, i) =>
    only({ ...a4, name: `p${i}` }, { nodeName: ['n9'] })
  )
  const { refusal } = asked({ pools: many })
  t.match(refusal, { reason: 'NoPoolFits' })
  t.equal(refusal?.reason === 'NoPoolFits' && refusal.why.at(-1), 'and 22 more')
})
