// Whom a pool is for: each filter both ways, and which of two counts.

import t from 'tap'
import { numberedPool, placeObject, podObject } from './kube.ts'
import { type Added, type Interface, type Refused, sandboxOf } from './kubelet.ts'
import { Stage } from './stage.ts'

const labelled = (key: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator: 'In', values }]
})

const rows: readonly {
  readonly name: string
  readonly spec: Readonly<Record<string, unknown>>
  /** What the refusal says; without it the pool serves. */
  readonly misfit?: RegExp
}[] = [
  { name: 'L00001: nodeAffinity fits', spec: { nodeAffinity: { matchLabels: { zone: 'a' } } } },
  {
    name: 'L00002: nodeAffinity does not fit',
    spec: { nodeAffinity: { matchLabels: { zone: 'b' } } },
    misfit: /for nodes with zone=b/
  },
  {
    name: 'L00003: namespaceAffinity fits',
    spec: { namespaceAffinity: labelled('team', 'x', 'y') }
  },
  {
    name: 'L00004: namespaceAffinity does not fit',
    spec: { namespaceAffinity: labelled('team', 'z') },
    misfit: /for namespaces with team in \(z\)/
  },
  { name: 'L00005: podAffinity fits', spec: { podAffinity: { matchLabels: { app: 'web' } } } },
  {
    name: 'L00006: podAffinity does not fit',
    spec: {
      podAffinity: {
        matchLabels: { app: 'web' },
        matchExpressions: [{ key: 'tier', operator: 'Exists' }]
      }
    },
    misfit: /for pods with app=web/
  },
  { name: 'D00009: multusName fits', spec: { multusName: ['default/vlan7', 'kube-system/vlan1'] } },
  {
    name: 'D00010: multusName does not fit',
    spec: { multusName: ['vlan7'] },
    misfit: /for the networks vlan7, not for that of eth0/
  },
  { name: 'D00011: nodeName fits', spec: { nodeName: ['there', 'here'] } },
  {
    name: 'D00012: nodeName does not fit',
    spec: { nodeName: ['there'] },
    misfit: /for the nodes there/
  },
  {
    name: 'D00013: nodeName counts, not nodeAffinity',
    spec: { nodeName: ['here'], nodeAffinity: { matchLabels: { zone: 'b' } } }
  },
  {
    name: 'D00013: nodeName counts also against nodeAffinity',
    spec: { nodeName: ['there'], nodeAffinity: { matchLabels: { zone: 'a' } } },
    misfit: /for the nodes there/
  },
  { name: 'D00014: namespaceName fits', spec: { namespaceName: ['shop'] } },
  {
    name: 'D00015: namespaceName does not fit',
    spec: { namespaceName: ['bank'] },
    misfit: /for the namespaces bank, not for shop/
  },
  {
    name: 'D00016: namespaceName counts, not namespaceAffinity',
    spec: { namespaceName: ['shop'], namespaceAffinity: labelled('team', 'z') }
  },
  {
    name: 'D00016: namespaceName counts also against namespaceAffinity',
    spec: { namespaceName: ['bank'], namespaceAffinity: labelled('team', 'x') },
    misfit: /for the namespaces bank, not for shop/
  },
  {
    name: 'all of them have to fit',
    spec: { nodeName: ['here'], namespaceName: ['shop'], podAffinity: labelled('app', 'db') },
    misfit: /for pods with app in \(db\)/
  },
  { name: 'D00005: disabled', spec: { disable: true }, misfit: /disabled/ }
]

const shared = { namespaceAffinity: { matchLabels: { team: 'x' } } }
const stage = await Stage.open(t, {
  pools: [
    ...rows.map(({ spec }, i) => numberedPool(`pool-${i}`, i + 1, 19, spec)),
    numberedPool('plain', 100, 19, { default: true }),
    numberedPool('for-web', 101, 19, {
      default: true,
      podAffinity: { matchLabels: { app: 'web' } }
    }),
    numberedPool('one-of-two', 102, 10, shared),
    numberedPool('two-of-two', 103, 10, shared)
  ],
  facts: [
    placeObject('Node', 'here', { zone: 'a' }),
    placeObject('Namespace', 'shop', { team: 'x' }),
    placeObject('Namespace', 'branch', { team: 'x' }),
    placeObject('Namespace', 'bank', { team: 'z' }),
    podObject({ name: 'web', namespace: 'shop', labels: { app: 'web' } }),
    podObject({ name: 'web', namespace: 'branch', labels: { app: 'web' } }),
    podObject({ name: 'db', namespace: 'bank', labels: { app: 'db' } })
  ],
  config: {
    nodeName: 'here',
    multus: { clusterNetwork: 'default/vlan7', namespace: 'kube-system' }
  }
})

const web = { namespace: 'shop' }

/** What a new sandbox of that pod is answered, and that sandbox is gone again. */
async function answered(pools: readonly string[], more: Interface = {}): Promise<Added | Refused> {
  const kubelet = stage.using(pools)
  const pod = sandboxOf('web', web)
  const answer = await kubelet.try(pod, more)
  await kubelet.del(pod, more)
  return answer
}

for (const [i, { name, misfit }] of rows.entries()) {
  t.test(name, async t => {
    const answer = await answered([`pool-${i}`])
    if (misfit === undefined) {
      t.match(answer, { ips: [new RegExp(`^10\\.${i + 1}\\.`)] })
      return
    }
    t.match(answer, { code: 102, msg: misfit })
    t.match(answer, { msg: new RegExp(`pool-${i}`) }, 'the pool is named')
    t.match(await answered([`pool-${i}`, 'plain']), { ips: [/^10\.100\./] }, 'the next one serves')
  })
}

t.test('D00010: an interface of another network, and one of none', async t => {
  t.match(await answered(['pool-6'], { ifname: 'net1' }), {
    code: 102,
    msg: /for the networks default\/vlan7, kube-system\/vlan1, not for that of net1/
  })
  t.match(await answered(['plain'], { ifname: 'net1' }), { ips: [/^10\.100\./] })
})

t.test('of the default pools the more particular one comes first', async t => {
  t.match(await answered([]), { ips: [/^10\.101\./] })
  const kubelet = stage.kubelet()
  const db = sandboxOf('db', { namespace: 'bank' })
  t.match(await kubelet.add(db), { ips: [/^10\.100\./] })
  await kubelet.del(db)
})

t.test('L00009: several pools for a namespace, several namespaces for a pool', async t => {
  const kubelet = stage.using(['one-of-two', 'two-of-two'])
  const pods = ['shop', 'branch'].map(namespace => sandboxOf('web', { namespace }))
  const got = []
  for (const pod of pods) got.push(...(await kubelet.add(pod)).ips)
  t.same(got, ['10.102.0.10', '10.103.0.10'])
  t.match(await kubelet.refuse(sandboxOf('db', { namespace: 'bank' })), { code: 102 })
  for (const pod of pods) await kubelet.del(pod)
})

t.test('#2042: labels that nobody tells select nothing, and that is said', async t => {
  const kubelet = stage.using(['pool-4'])
  t.match(await kubelet.refuse(sandboxOf('stranger', web)), { code: 102, msg: /not known/ })
})
