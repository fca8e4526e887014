// Addresses that are kept: for pods of StatefulSets by their names, for applications by their number of pods. What
// ends a keeping has to be so for ten seconds; all that waits for that waits at once, at the end.

import t from 'tap'
import { askAdmin } from '../support/cluster-admin.ts'
import { eventually } from '../support/command.ts'
import { type KubeObject, numberedPool, subnetObject, withPods, workloadObject } from './kube.ts'
import { anyPod, type Pod, sandboxOf } from './kubelet.ts'
import { Stage } from './stage.ts'

const set = (name: string, replicas: number, pods = replicas): KubeObject[] =>
  withPods({ kind: 'StatefulSet', name, replicas }, pods)
const reserving = (subnet: string) => ({ subnet: { ipv4: [subnet] } })
const app = (name: string, subnet: string, replicas: number, pods = replicas + 1): KubeObject[] =>
  withPods({ kind: 'Deployment', name, replicas, annotations: reserving(subnet) }, pods)
const racks = (name: string, number: number): KubeObject =>
  subnetObject(name, {
    subnet: `10.${number}.0.0/24`,
    ips: [`10.${number}.0.10-10.${number}.0.21`]
  })

const stage = await Stage.open(t, {
  pools: [
    ...[numberedPool('kept', 40, 13), numberedPool('left', 41), numberedPool('right', 42)],
    ...[numberedPool('from', 43, 10), numberedPool('to', 44, 10), numberedPool('scaled', 45, 11)],
    ...[
      numberedPool('hand', 46),
      numberedPool('named', 47),
      racks('churn', 48),
      racks('steady', 49)
    ]
  ],
  facts: {
    sets: ['web', 'two', 'duo', 'mover', 'hand'].flatMap(name => set(name, 1)),
    scaled: set('scaled', 2),
    churn: app('churn', 'churn', 2),
    steady: app('steady', 'steady', 5),
    greedy: app('greedy', 'steady', 200, 12)
  }
})
const used = async (pool: string) => (await stage.usage(pool)).used
/** For whom addresses are kept, as people see it. */
const keeps = async () => JSON.stringify((await askAdmin(stage.daemon, '/v1/blocks')).body)
const isTold = async (owner: string) => {
  await eventually(`${owner} is kept for`, async () => (await keeps()).includes(owner))
}

/** Pods of an application that come and go. */
async function roll(numbers: readonly number[]): Promise<void> {
  const kubelet = stage.kubelet()
  for (const i of numbers) {
    const pod = sandboxOf(`churn-${i}`, { annotations: reserving('churn') })
    await kubelet.add(pod)
    await kubelet.del(pod)
  }
}

t.test('G4 I00006: an application that wants two pods has three addresses', async t => {
  await roll([0, 1, 2])
  const three = await eventually('it has three', async () => (await used('subnet/churn')) === 3)
  t.ok(three)
  stage.tell('churn', ...app('churn', 'churn', 5))
})

t.test(
  'E00003 L00008: a pod of a StatefulSet has its address again, and nobody else has it meanwhile',
  async t => {
    const kubelet = stage.using(['kept'])
    const first = sandboxOf('web-0')
    const { ips } = await kubelet.add(first)
    await isTold('StatefulSet/default/web-0/eth0')
    await kubelet.del(first)
    const others = [anyPod(), anyPod(), anyPod()]
    for (const pod of others) t.notSame((await kubelet.add(pod)).ips, ips)
    t.match(await kubelet.refuse(anyPod()), { code: 110 })
    await stage.daemon.kill()
    await stage.start()
    const second = sandboxOf('web-0')
    t.same((await kubelet.add(second)).ips, ips, 'after a restart of the node, too')
    for (const pod of [...others, second]) await kubelet.del(pod)
  }
)

t.test(
  'A00017 A00018: each of its interfaces has its own again, with names and without',
  async t => {
    const kubelet = stage.kubelet()
    const lists = {
      'two-0': [{ ipv4: ['left'] }, { ipv4: ['right'] }],
      'duo-0': [
        { interface: 'eth0', ipv4: ['left'] },
        { interface: 'net1', ipv4: ['right'] }
      ]
    }
    for (const [name, ippools] of Object.entries(lists)) {
      const got = []
      for (const pod of [0, 1].map(() => sandboxOf(name, { annotations: { ippools } }))) {
        const first = await kubelet.add(pod, { network: 'net-0' })
        const second = await kubelet.add(pod, { network: 'net-1', ifname: 'net1' })
        got.push([...first.ips, ...second.ips])
        await isTold(`StatefulSet/default/${name}/eth0`)
        await kubelet.del(pod, { network: 'net-1', ifname: 'net1' })
        await kubelet.del(pod, { network: 'net-0' })
        await kubelet.add(anyPod({ annotations: { ippool: { ipv4: ['left'] } } }))
      }
      t.match(got[0], [/^10\.41\./, /^10\.42\./])
      t.same(got[1], got[0])
    }
  }
)

const moverIn = (pool: string): Pod =>
  sandboxOf('mover-0', { annotations: { ippool: { ipv4: [pool] } } })

t.test(
  'A00009 A00010 G24 #3543: another pool by annotation moves it at once or not at all',
  async t => {
    const kubelet = stage.kubelet()
    const before = moverIn('from')
    const { ips } = await kubelet.add(before)
    await isTold('StatefulSet/default/mover-0/eth0')
    await kubelet.del(before)
    const inTheWay = anyPod({ annotations: { ippool: { ipv4: ['to'] } } })
    await kubelet.add(inTheWay)
    t.match(await kubelet.refuse(moverIn('to')), { code: 110 }, 'the other pool is full')
    const back = moverIn('from')
    t.same((await kubelet.add(back)).ips, ips, 'it has lost nothing')
    await kubelet.del(back)
    await kubelet.del(inTheWay)
    const moved = moverIn('to')
    t.same((await kubelet.add(moved)).ips, ['10.44.0.10'])
    await kubelet.del(moved)
  }
)

t.test(
  '#4916: the ADD of a new sandbox that comes before the DEL of the old one waits for it',
  async t => {
    const kubelet = stage.using(['hand'])
    const [old, young] = [sandboxOf('hand-0'), sandboxOf('hand-0')]
    const { ips } = await kubelet.add(old)
    await isTold('StatefulSet/default/hand-0/eth0')
    let isOver = false
    const added = kubelet.add(young).finally(() => (isOver = true))
    // Others are served meanwhile, several times over.
    for (let i = 0; i < 20; i += 1) {
      const pod = anyPod()
      await kubelet.add(pod)
      await kubelet.del(pod)
    }
    t.notOk(isOver, 'it waits')
    await kubelet.del(old)
    t.same((await added).ips, ips)
    await kubelet.del(old)
    t.ok(
      (await stage.allocated()).includes(ips[0] ?? ''),
      'a late DEL of the old one takes nothing'
    )
    const third = sandboxOf('hand-0')
    const patience = { ipam: { answer_timeout_seconds: 2 } }
    // A machine that is busy may not get to its answer in that time.
    const refused = await eventually('it is told who has it', async () => {
      const { code, msg } = await kubelet.refuse(third, patience)
      return code === 101 && msg
    })
    t.match(refused, `${ips[0]}, which this pod keeps, is still used by net-a/${young.id}/eth0`)
    await kubelet.del(young)
  }
)

t.test('#3641: a pod may name its address', async t => {
  const kubelet = stage.using(['named'])
  const pod = anyPod({ annotations: { ips: ['10.47.0.17'] } })
  t.same((await kubelet.add(pod)).ips, ['10.47.0.17'])
  const second = anyPod({ annotations: { ips: ['10.47.0.17'] } })
  t.match(await kubelet.refuse(second), {
    code: 101,
    msg: new RegExp(`used by net-a/${pod.id}/eth0`)
  })
  await kubelet.del(pod)
})

t.test(
  'I00020 I00023: an application has addresses for one pod more than it wants, and nobody else gets them',
  async t => {
    const kubelet = stage.kubelet()
    const pods = [0, 1, 2, 3].map(i =>
      sandboxOf(`steady-${i}`, { annotations: reserving('steady') })
    )
    for (const pod of pods) await kubelet.add(pod)
    await eventually('it has six', async () => (await used('subnet/steady')) === 6)
    const greedy = Array.from({ length: 7 }, (_, i) =>
      sandboxOf(`greedy-${i}`, { annotations: reserving('steady') })
    )
    for (const pod of greedy.slice(0, 6)) await kubelet.add(pod)
    t.match(await kubelet.refuse(greedy[6] as Pod), { code: 110 }, 'two are free, and not for it')
    const more = [4, 5].map(i => sandboxOf(`steady-${i}`, { annotations: reserving('steady') }))
    for (const pod of more) await kubelet.add(pod)
    const bare = anyPod({ annotations: reserving('steady') })
    t.match(await kubelet.refuse(bare), { code: 7, msg: /are for applications/ })
    for (const pod of [...pods, ...more, ...greedy.slice(0, 6)]) await kubelet.del(pod)
    stage.tell('greedy')
  }
)

t.test(
  'I00006 #1520 #902 #980 #1647 #1744: and six when it wants five, whoever comes and goes',
  async t => {
    await eventually('it has six', async () => (await used('subnet/churn')) === 6)
    await roll([0, 1, 2, 3, 4, 5])
    await eventually('it has six still', async () => (await used('subnet/churn')) === 6)
    t.match(await keeps(), /auto4-churn-eth0/, 'under the name of the pool that there would be')
  }
)

t.test(
  'I00006 I00008 L00008 A00009: and what is kept for nobody any more is free ten seconds later',
  async t => {
    const kubelet = stage.using(['scaled'])
    const pods = [sandboxOf('scaled-0'), sandboxOf('scaled-1')] as const
    const [stays] = [await kubelet.add(pods[0]), await kubelet.add(pods[1])]
    await isTold('StatefulSet/default/scaled-1/eth0')
    for (const pod of pods) await kubelet.del(pod)
    t.match(await kubelet.refuse(anyPod()), { code: 110 })
    stage.tell('scaled', ...set('scaled', 1))
    stage.tell('churn')
    stage.tell(
      'steady',
      workloadObject({
        kind: 'Deployment',
        name: 'steady',
        replicas: 1,
        annotations: reserving('steady')
      })
    )
    await eventually('the application is gone', async () => (await used('subnet/churn')) === 0)
    await eventually(
      'the other one is smaller, the third gone',
      async () => (await used('subnet/steady')) === 2
    )
    await eventually('the StatefulSet has one pod', async () => (await used('scaled')) === 1)
    await eventually('the old pool of the moved pod', async () => (await used('from')) === 0)
    const another = anyPod()
    t.notSame((await kubelet.add(another)).ips, stays.ips)
    t.same(
      (await kubelet.add(sandboxOf('scaled-0'))).ips,
      stays.ips,
      'who is still there keeps its own'
    )
    t.same((await stage.usage('subnet/churn')).free, 12)
  }
)
