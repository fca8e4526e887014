// Pods with several interfaces: decided together, all or nothing, and each served when its ADD comes.

import t from 'tap'
import { numberedPool } from './kube.ts'
import { anyPod, type Pod } from './kubelet.ts'
import { Stage } from './stage.ts'

const stage = await Stage.open(t, {
  pools: [
    numberedPool('left', 1, 12),
    numberedPool('right', 2, 12),
    numberedPool('shared', 3),
    numberedPool('full', 4, 10)
  ]
})
const kubelet = stage.kubelet()
const used = async (pool: string) => (await stage.usage(pool)).used
const ifnames = ['eth0', 'net1', 'net2']

/** ADDs of these interfaces in this order; what each got. */
async function addAll(pod: Pod, names: readonly string[]): Promise<readonly string[]> {
  const got = []
  for (const [i, ifname] of names.entries()) {
    got.push(...(await kubelet.add(pod, { ifname, network: `net-${i}` })).ips)
  }
  return got
}

async function delAll(pod: Pod, names: readonly string[]): Promise<void> {
  for (const [i, ifname] of names.entries()) await kubelet.del(pod, { ifname, network: `net-${i}` })
}

t.test(
  'A00016 #4295 #2901: a hundred tries of a pod that cannot have both leave both pools as they were',
  async t => {
    const holder = anyPod({ annotations: { ippool: { ipv4: ['full'] } } })
    await kubelet.add(holder)
    const ippools = [
      { interface: 'eth0', ipv4: ['left'] },
      { interface: 'net1', ipv4: ['full'] }
    ]
    const before = await stage.allocated()
    for (let i = 0; i < 100; i += 1) {
      t.match(await kubelet.refuse(anyPod({ annotations: { ippools } })), { code: 110 })
    }
    t.same(await stage.allocated(), before)
    const alone = Array.from({ length: 3 }, () =>
      anyPod({ annotations: { ippool: { ipv4: ['left'] } } })
    )
    for (const pod of alone) await kubelet.add(pod)
    t.equal(await used('left'), 3, 'each of them can be had')
    for (const pod of [...alone, holder]) await kubelet.del(pod)
  }
)

t.test('all are had with the first ADD, and the later ones are told what they have', async t => {
  const ippools = [
    { interface: 'eth0', ipv4: ['left'] },
    { interface: 'net1', ipv4: ['right'] }
  ]
  const pod = anyPod({ annotations: { ippools } })
  await kubelet.add(pod, { network: 'net-0' })
  t.same([await used('left'), await used('right')], [1, 1])
  const right = [anyPod(), anyPod(), anyPod()]
  for (const [i, other] of right.entries()) {
    const by = stage.using(['right'])
    if (i < 2) await by.add(other)
    else t.match(await by.refuse(other), { code: 110 }, 'what waits is nobody else’s')
  }
  t.match(await addAll(pod, ['eth0', 'net1']), [/^10\.1\./, /^10\.2\./])
  t.match(await addAll(pod, ['eth0', 'net1']), [/^10\.1\./, /^10\.2\./], 'and again')
  for (const other of right.slice(0, 2)) await kubelet.del(other)
  await delAll(pod, ['eth0', 'net1'])
  t.same([await used('left'), await used('right')], [0, 0])
})

t.test('G3: two interfaces of a pod share a pool', async t => {
  const named = ifnames.map(name => ({ interface: name, ipv4: ['shared'] }))
  const unnamed = ifnames.map(() => ({ ipv4: ['shared'] }))
  const rows: Record<string, Record<string, unknown>> = {
    'one list for all': { ippool: { ipv4: ['shared'] } },
    'by name': { ippools: named },
    'in order': { ippools: unnamed }
  }
  for (const [what, annotations] of Object.entries(rows)) {
    const pod = anyPod({ annotations })
    const got = await addAll(pod, ifnames)
    t.equal(new Set(got).size, 3, `${what}: ${got.join(', ')}`)
    await delAll(pod, ifnames)
  }
  t.equal(await used('shared'), 0)
})

t.test(
  'A00018: without names the entries are for the interfaces in the order of their ADDs',
  async t => {
    const ippools = [{ ipv4: ['right'] }, { ipv4: ['shared'] }, { ipv4: ['left'] }]
    const pod = anyPod({ annotations: { ippools } })
    t.match(await addAll(pod, ['eth0', 'foo', 'bar']), [/^10\.2\./, /^10\.3\./, /^10\.1\./])
    const fourth = await kubelet.refuse(pod, { ifname: 'baz', network: 'net-9' })
    t.match(fourth, { code: 7, msg: /has 3 entries, and baz is interface 4 of the pod/ })
    await delAll(pod, ['eth0', 'foo', 'bar'])
  }
)

t.test('what waits for its ADD goes with the sandbox, and with the process it stays', async t => {
  const ippools = [
    { interface: 'eth0', ipv4: ['left'] },
    { interface: 'net1', ipv4: ['right'] }
  ]
  const pod = anyPod({ annotations: { ippools } })
  await kubelet.add(pod, { network: 'net-0' })
  await stage.daemon.kill()
  await stage.start()
  t.match(await stage.kubelet().add(pod, { ifname: 'net1', network: 'net-1' }), {
    ips: [/^10\.2\./]
  })
  await delAll(pod, ['eth0', 'net1'])
  const other = anyPod({ annotations: { ippools } })
  await kubelet.add(other, { network: 'net-0' })
  await kubelet.del(other, { network: 'net-0' })
  t.same([await used('left'), await used('right')], [0, 0])
})

t.test(
  'G23: a route that only a later interface reaches waits for it, one that none reaches fails the last',
  async t => {
    const networks = 'default/vlan7'
    const ippool = { ipv4: ['left', 'right'] }
    const route = (gw: string) => ({
      'k8s.v1.cni.cncf.io/networks': networks,
      ippool,
      ippools: [
        { interface: 'eth0', ipv4: ['left'] },
        { interface: 'net1', ipv4: ['right'] }
      ],
      routes: [{ dst: '192.0.2.0/24', gw }]
    })
    const pod = anyPod({ annotations: route('10.2.0.9') })
    t.same((await kubelet.add(pod, { network: 'net-0' })).routes, [])
    const second = await kubelet.add(pod, { ifname: 'net1', network: 'net-1' })
    t.same(second.routes, [{ dst: '192.0.2.0/24', gw: '10.2.0.9' }])
    await delAll(pod, ['eth0', 'net1'])
    const lost = anyPod({ annotations: route('10.99.0.9') })
    t.match(await kubelet.refuse(lost), {
      code: 7,
      msg: /no interface of the pod reaches the next hop 10\.99\.0\.9/
    })
    t.same(await stage.allocated(), [])
  }
)
