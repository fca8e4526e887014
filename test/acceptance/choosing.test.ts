// Which pools a pod gets its addresses from: who is asked first, in which order, and what is wrong with annotations.

import t from 'tap'
import {
  numberedPool,
  placeObject,
  podObject,
  poolObject,
  subnetObject,
  workloadObject
} from './kube.ts'
import { type Added, anyPod, type Kubelet, type Pod, sandboxOf } from './kubelet.ts'
import { Stage } from './stage.ts'

const app = { kind: 'Deployment', name: 'app', replicas: 1 }
const levels = ['subnet', 'ippools', 'ippool', 'namespace', 'network', 'default'] as const
const network = (name: string) => ({ multusName: [`default/${name}`] })

const stage = await Stage.open(t, {
  pools: [
    subnetObject('subnet', { subnet: '10.1.0.0/24', ips: ['10.1.0.10-10.1.0.19'] }),
    ...levels.slice(1, 5).map((name, i) => numberedPool(name, i + 2)),
    numberedPool('default', 6, 19, { default: true }),
    numberedPool('wild-b', 11, 10),
    numberedPool('wild-a', 12, 10),
    numberedPool('wild-c', 13, 10, { nodeName: ['here'] }),
    numberedPool('tiny', 14, 10),
    numberedPool('vlan7', 15, 19, network('vlan7')),
    numberedPool('vlan9', 16, 19, network('vlan9')),
    poolObject('six', { subnet: 'fd01::/64', ips: ['fd01::10-fd01::19'] }),
    numberedPool('gated', 17, 19, { gateway: '10.17.0.1' })
  ],
  facts: [
    workloadObject(app),
    ...['app-0', 'app-1'].map(name => podObject({ name, of: app })),
    placeObject(
      'Namespace',
      'shop',
      {},
      {
        'ipam.spidernet.io/default-ipv4-ippool': ['namespace']
      }
    ),
    placeObject('Namespace', 'wild', {}, { 'ipam.spidernet.io/default-ipv4-ippool': ['wild-?'] }),
    podObject({ name: 'app-0', namespace: 'shop', of: app }),
    workloadObject({ ...app, namespace: 'shop' })
  ],
  config: { nodeName: 'here' }
})
const kubelet = stage.kubelet()

/** Start a pod, see what it got, and end it. */
async function addresses(pod: Pod, by: Kubelet = kubelet): Promise<readonly string[]> {
  const { ips } = await by.add(pod)
  await by.del(pod)
  return ips
}

t.test('A00004 A00005 A00006: of all who say something the first decides', async t => {
  const says: Record<string, unknown> = {
    subnet: { ipv4: ['subnet'] },
    ippools: [{ interface: 'eth0', ipv4: ['ippools'] }],
    ippool: { ipv4: ['ippool'] }
  }
  for (const i of levels.keys()) {
    const saying = levels.slice(i)
    const namespace = saying.includes('namespace') ? 'shop' : 'default'
    const annotations = Object.fromEntries(
      Object.entries(says).filter(([key]) => (saying as readonly string[]).includes(key))
    )
    const by = saying.includes('network') ? stage.using(['network']) : kubelet
    const pod = sandboxOf('app-0', { namespace, annotations })
    t.match(await addresses(pod, by), [new RegExp(`^10\\.${i + 1}\\.`)], saying.join(' > '))
  }
})

t.test('3.7: nobody falls through to a lower level when that of the choice is full', async t => {
  const first = anyPod({ annotations: { ippool: { ipv4: ['tiny'] } } })
  await kubelet.add(first)
  const second = anyPod({ annotations: { ippool: { ipv4: ['tiny'] } } })
  t.match(await kubelet.refuse(second), { code: 110, msg: /"tiny" is full/ })
  await kubelet.del(first)
})

t.test('A00007 A00015: wildcards, the more particular pool first, then by name', async t => {
  const rows: [string, Partial<Pod>][] = [
    ['of a namespace', { namespace: 'wild' }],
    ['of ippool', { annotations: { ippool: { ipv4: ['wild-[a-c]'] } } }],
    ['of ippools', { annotations: { ippools: [{ interface: 'eth0', ipv4: ['wild-*'] }] } }]
  ]
  for (const [what, more] of rows) {
    const pods = [anyPod(more), anyPod(more), anyPod(more)]
    const got = []
    for (const pod of pods) got.push(...(await kubelet.add(pod)).ips)
    t.same(got, ['10.13.0.10', '10.12.0.10', '10.11.0.10'], what)
    t.match(await kubelet.refuse(anyPod(more)), { code: 110 })
    for (const pod of pods) await kubelet.del(pod)
  }
})

t.test('G22: wildcards may overlap, and like nothing is said in so many words', async t => {
  const ipv4 = ['wild-*', 'wild-a*', 'wild-a']
  t.same(await addresses(anyPod({ annotations: { ippool: { ipv4 } } })), ['10.13.0.10'])
  const none = anyPod({ annotations: { ippool: { ipv4: ['nothing-*'] } } })
  t.match(await kubelet.refuse(none), {
    code: 102,
    msg: /no pool of IPv4 has a name like nothing-\*/
  })
})

t.test('G1: pools of a list are tried as they stand there', async t => {
  const lists = [
    ['tiny', 'wild-b', 'wild-a'],
    ['wild-b', 'wild-a', 'tiny'],
    ['wild-a', 'tiny', 'wild-b']
  ]
  const prefixes: Record<string, string> = {
    tiny: '10.14.0.10',
    'wild-b': '10.11.0.10',
    'wild-a': '10.12.0.10'
  }
  for (const ipv4 of lists) {
    const more = { annotations: { ippool: { ipv4 } } }
    const pods = ipv4.map(() => anyPod(more))
    const got = []
    for (const pod of pods) got.push(...(await kubelet.add(pod)).ips)
    t.same(
      got,
      ipv4.map(name => prefixes[name])
    )
    for (const pod of pods) await kubelet.del(pod)
  }
})

t.test(
  'A00003 A00013 A00014: what is wrong with an annotation has its own words, and takes nothing',
  async t => {
    const before = await stage.allocated()
    const eth0 = (more: Record<string, unknown>) => [
      { interface: 'eth0', ipv4: ['ippool'], ...more }
    ]
    const rows: [Record<string, unknown>, RegExp][] = [
      [{ ippool: '{"ipv4":' }, /ippool: is no JSON/],
      [{ ippool: 'null' }, /ippool: is null/],
      [{ ippool: ['ippool'] }, /ippool: \["ippool"\] must be a map/],
      [{ ippool: {} }, /ippool.ipv4: neither it nor ipv6 names a pool/],
      [{ ippool: { ipv4: 'ippool' } }, /ippool.ipv4: /],
      [{ ippool: { ipv4: [''] } }, /ippool/],
      [{ ippool: { ipv4: [7] } }, /ippool.ipv4/],
      [{ ippool: { ipv4: ['ippool', 'ippool'] } }, /"ippool" is named twice/],
      [{ ippool: { ipv4: ['wild-['] } }, /"wild-\[" is no pattern/],
      [{ ippool: { ipv4: ['ippool'], ipv5: ['six'] } }, /ipv5/],
      [{ ippools: {} }, /ippools: {} must be a list/],
      [{ ippools: [] }, /ippools: \[\] must be a list of maps with at least one entry/],
      [{ ippools: ['ippool'] }, /ippools\[0\]: "ippool" must be a map/],
      [{ ippools: eth0({ interface: '' }) }, /interface: .*must be the name of an interface/],
      [{ ippools: eth0({ cleangateway: 'no' }) }, /cleangateway/],
      [{ ippools: eth0({ interface: 'net1' }) }, /names net1, and this ADD is for eth0/],
      [{ ippools: [...eth0({}), ...eth0({})] }, /names the interface "eth0" twice/],
      [
        { ippools: [...eth0({}), { ipv4: ['ippool'] }] },
        /name the interface of every entry, or of none/
      ],
      [{ routes: [{ dst: '10.0.0.0/33', gw: '10.4.0.1' }] }, /routes\[0\].dst/],
      [
        { routes: [{ dst: '10.0.0.0/8', gw: 'fd01::1' }] },
        /routes\[0\].gw: .*must be IPv4 like dst/
      ],
      [{ routes: [{ dst: '10.0.0.0/8' }] }, /routes\[0\].gw/],
      [{ ips: ['10.4.0.256'] }, /ips\[0\]: "10.4.0.256" is no IP address/],
      [{ ips: [] }, /ips: \[\] must be a list like/],
      [{ subnet: { ipv4: ['sub*'] } }, /"sub\*" is no name; wildcards are not for subnets/],
      [
        { subnet: { ipv4: ['subnet'] }, 'ippool-ip-number': '-1' },
        /ippool-ip-number: "-1" must be a number/
      ]
    ]
    const said = new Set<string>()
    for (const [annotations, words] of rows) {
      const refused = await kubelet.refuse(sandboxOf('app-1', { annotations }))
      t.match(refused, { code: 7, msg: words })
      said.add(refused.msg)
    }
    t.equal(said.size, rows.length, 'no two mistakes have the same words')
    const unknown = { ippool: { ipv4: ['blau'] } }
    t.match(await kubelet.refuse(anyPod({ annotations: unknown })), {
      code: 102,
      msg: /"blau" does not exist/
    })
    const family = { ippool: { ipv4: ['six'] } }
    t.match(await kubelet.refuse(anyPod({ annotations: family })), { code: 102, msg: /six/ })
    t.same(await stage.allocated(), before)
  }
)

t.test('M00036 M00037 #5553: the networks annotation, compact, pretty and short', async t => {
  const entries = [
    { name: 'vlan7', namespace: 'default', interface: 'net1' },
    { name: 'vlan9', namespace: 'default', interface: 'net2' }
  ]
  const spellings: Record<string, string> = {
    compact: JSON.stringify(entries),
    pretty: JSON.stringify(entries, undefined, 4),
    'with namespaces': 'default/vlan7@net1, default/vlan9@net2',
    'names alone': 'vlan7,vlan9'
  }
  const ippool = { ipv4: ['vlan7', 'vlan9'] }
  for (const [what, networks] of Object.entries(spellings)) {
    const pod = anyPod({ annotations: { 'k8s.v1.cni.cncf.io/networks': networks, ippool } })
    t.match(await kubelet.add(pod, { ifname: 'net1' }), { ips: [/^10\.15\./] }, `${what}: net1`)
    t.match(await kubelet.add(pod, { ifname: 'net2' }), { ips: [/^10\.16\./] }, `${what}: net2`)
    for (const ifname of ['net1', 'net2']) await kubelet.del(pod, { ifname })
  }
})

t.test('A00002 A00011 G23: routes of pods, of gateways, and those that fit nowhere', async t => {
  const hop = { dst: '192.0.2.0/24', gw: '10.17.0.7' }
  const everywhere = { dst: '0.0.0.0/0', gw: '10.17.0.1' }
  const routesOf = async (annotations: Record<string, unknown>): Promise<Added['routes']> => {
    const pod = anyPod({ annotations })
    const { routes } = await kubelet.add(pod)
    await kubelet.del(pod)
    return routes
  }
  const ippool = { ipv4: ['gated'] }
  const clean = (cleangateway: boolean) => ({ ippools: [{ ...ippool, cleangateway }] })
  t.same(await routesOf({ ippool }), [everywhere])
  t.same(await routesOf(clean(false)), [everywhere])
  t.same(await routesOf(clean(true)), [])
  t.same(await routesOf({ ippool, routes: [hop] }), [hop, everywhere])
  const lost = anyPod({ annotations: { ippool, routes: [{ ...hop, gw: '10.99.0.7' }] } })
  const { code, msg } = await kubelet.refuse(lost)
  t.equal(code, 7)
  t.match(msg, /the next hop 10\.99\.0\.7 of 192\.0\.2\.0\/24; it has eth0 in 10\.17\.0\.0\/24/)
  t.equal((await stage.usage('gated')).used, 0)
})
