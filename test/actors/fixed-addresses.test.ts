// Pods that are the same again after a restart keep their addresses: StatefulSets by name, virtual machines by theirs.

import t from 'tap'
import type { Demand } from '../../src/core/demand.ts'
import type { Owner, Workload } from '../../src/core/selection/facts.ts'
import { settle } from '../support/manual-clock.ts'
import { MemoryFacts } from '../support/memory-facts.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { outcomeOf, plainDemand, refuses, TestHouse } from '../support/test-house.ts'
import { type ClusterNode, TestCluster } from '../support/test-cluster.ts'

const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])
const green = poolDocument('green', '10.8.0.0/29', ['10.8.0.2-10.8.0.6'], { default: false })

const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'default', name: 'web' }
const vm = {
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  namespace: 'default',
  name: 'db'
}

const webPod = (ordinal: number) => ({ namespace: 'default', name: `web-${ordinal}` })

/** A pod of a controller, which is known from now on. */
function tell(
  facts: MemoryFacts,
  pod: { namespace: string; name: string },
  owner: Owner = set,
  workload: Workload = { replicas: 3 }
) {
  facts.tellPod(pod, { owner })
  facts.tellWorkload({ ...owner, namespace: 'default' }, workload)
  return pod
}

async function opened(
  documents = [blue, green]
): Promise<{ house: TestHouse; facts: MemoryFacts }> {
  const house = new TestHouse(documents)
  const facts = new MemoryFacts()
  house.facts = facts
  await house.open()
  return { house, facts }
}

const inPool = (pool: string): Demand => ({ ...plainDemand, pools: { 4: [pool], 6: [] } })

t.test(
  'E00003 L00008: a pod of a StatefulSet has its address again, and nobody else meanwhile',
  async t => {
    const { house, facts } = await opened()
    const pod = tell(facts, webPod(0))
    t.same(await house.add(key('c1'), { pod }), [ip('10.9.0.2')])
    await house.del(key('c1'))
    await house.pass(60_000)
    for (const i of [3, 4, 5, 6]) t.same(await house.add(key(`x${i}`)), [ip(`10.9.0.${i}`)])
    t.equal(await house.add(key('x7')), 'PoolExhausted', "what is kept is nobody else's")
    await house.restart()
    t.same(
      await house.add(key('c2'), { pod }),
      [ip('10.9.0.2')],
      'also after a restart of the node'
    )
    t.same(house.givenUp, undefined)
  }
)

t.test('its old sandbox has to let go first', async t => {
  const { house, facts } = await opened()
  const pod = tell(facts, webPod(0))
  await house.add(key('c1'), { pod })
  const second = house.start(key('c2'), { pod })
  await house.pass(2_000, 100)
  t.equal(second.answer(), undefined, 'it waits')
  await house.del(key('c1'))
  house.namespaces.gone.add('/run/netns/c1')
  await house.pass(3_000, 100)
  t.same(
    outcomeOf(second.answer()),
    [ip('10.9.0.2')],
    'no cool-down is waited for when the link is gone'
  )
  const third = house.start(key('c3'), { pod })
  await house.pass(20_000, 100)
  t.match(third.answer(), {
    type: 'Refused',
    refusal: { reason: 'AddressTaken', address: ip('10.9.0.2'), holder: 'net1/c2/eth0' }
  })
})

t.test('what ends the keeping', async t => {
  const gone = { replicas: 0 }
  const rows = [
    { what: 'the StatefulSet is deleted', owner: set, workload: 'Gone' },
    { what: 'its ordinal leaves the range', owner: set, workload: gone },
    { what: 'the range begins later', owner: set, workload: { replicas: 3, firstOrdinal: 1 } },
    { what: 'the machine is deleted', owner: vm, workload: 'Gone' }
  ] as const
  for (const { what, owner, workload } of rows) {
    const { house, facts } = await opened()
    const pod = tell(facts, webPod(0), owner)
    await house.add(key('c1'), { pod })
    await house.del(key('c1'))
    await house.pass(60_000)
    facts.tellWorkload({ ...owner, namespace: 'default' }, workload)
    await house.pass(5_000)
    facts.tellWorkload({ ...owner, namespace: 'default' }, { replicas: 3 })
    await house.pass(60_000)
    const again = await house.add(key('again'), { pod })
    t.same(again, [ip('10.9.0.2')], `${what}: one look is not enough`)
    await house.del(key('again'))
    facts.tellWorkload({ ...owner, namespace: 'default' }, workload)
    await house.pass(60_000)
    const got = []
    for (const i of [1, 2, 3, 4, 5]) got.push(await house.add(key(`x${i}`)))
    t.ok(got.flat().includes(ip('10.9.0.2')), what)
  }
})

t.test('#2442: nothing ends it on a guess, but a time limit that was asked for does', async t => {
  const { house, facts } = await opened()
  const pod = tell(facts, webPod(0))
  await house.add(key('c1'), { pod })
  await house.del(key('c1'))
  house.facts = facts
  await house.pass(300_000)
  t.same(await house.add(key('c2'), { pod }), [ip('10.9.0.2')])
  await house.del(key('c2'))
  house.keepMs = 120_000
  await house.restart()
  await house.pass(60_000)
  for (const i of [3, 4, 5, 6]) t.same(await house.add(key(`x${i}`)), [ip(`10.9.0.${i}`)])
  t.equal(await house.add(key('x7')), 'PoolExhausted')
  await house.pass(70_000)
  t.same(await house.add(key('x7')), [ip('10.9.0.2')])
})

t.test('A00009: another pool by annotation moves the pod, and frees what it had', async t => {
  const { house, facts } = await opened()
  const pod = tell(facts, webPod(0))
  t.same(await house.add(key('c1'), { pod }), [ip('10.9.0.2')])
  await house.del(key('c1'))
  t.same(await house.add(key('c2'), { pod, demand: inPool('green') }), [ip('10.8.0.2')])
  await house.del(key('c2'))
  await house.pass(60_000)
  const got = []
  for (const i of [1, 2, 3, 4, 5]) got.push(await house.add(key(`x${i}`)))
  t.ok(got.flat().includes(ip('10.9.0.2')), 'the old one is free')
  t.same(await house.add(key('c3'), { pod, demand: inPool('green') }), [ip('10.8.0.2')])
})

t.test(
  'G24: what is not written down at the move is so afterwards, and nothing is left over',
  async t => {
    const { house, facts } = await opened()
    const pod = tell(facts, webPod(0))
    t.same(await house.add(key('c1'), { pod }), [ip('10.9.0.2')])
    await house.del(key('c1'))
    await house.pass(60_000)
    // The pod has its new address, and the disk takes nothing that comes after that.
    house.store.fault = changes => {
      if (!changes.some(({ type }) => type === 'Attach')) refuses()
    }
    t.same(await house.add(key('c2'), { pod, demand: inPool('green') }), [ip('10.8.0.2')])
    house.store.fault = () => {}
    await house.restart()
    await house.pass(60_000)
    const got = []
    for (const i of [1, 2, 3, 4, 5]) got.push(await house.add(key(`x${i}`)))
    t.ok(got.flat().includes(ip('10.9.0.2')), 'the old one is free')
    await house.del(key('c2'))
    await house.pass(60_000)
    t.same(await house.add(key('c3'), { pod, demand: inPool('green') }), [ip('10.8.0.2')])
  }
)

t.test('facts that come after the ADD count as well', async t => {
  const { house, facts } = await opened()
  const pod = webPod(1)
  t.same(await house.add(key('c1'), { pod }), [ip('10.9.0.2')])
  tell(facts, pod)
  await house.pass(3_000)
  await house.del(key('c1'))
  await house.pass(60_000)
  t.same(await house.add(key('x')), [ip('10.9.0.3')])
  t.same(await house.add(key('c2'), { pod }), [ip('10.9.0.2')])
})

t.test('a virtual machine keeps its address under whatever name its pod has', async t => {
  const { house, facts } = await opened()
  const first = tell(facts, { namespace: 'default', name: 'virt-launcher-db-abcde' }, vm)
  t.same(await house.add(key('c1'), { pod: first }), [ip('10.9.0.2')])
  await house.del(key('c1'))
  await house.pass(60_000)
  const second = tell(facts, { namespace: 'default', name: 'virt-launcher-db-fghij' }, vm)
  t.same(await house.add(key('c2'), { pod: second }), [ip('10.9.0.2')])
})

t.test(
  'F00002 #3903: a pod that a running machine is to move to is refused, and told why',
  async t => {
    const cluster = new TestCluster([blue])
    const one = await cluster.start('one')
    const two = await cluster.start('two')
    const source = tell(cluster.facts, { namespace: 'default', name: 'virt-launcher-db-a' }, vm)
    const target = tell(cluster.facts, { namespace: 'default', name: 'virt-launcher-db-b' }, vm)
    const annotations = { 'kubevirt.io/migrationJobName': 'move' }
    const had = await one.add(key('c1'), source)
    let steps = 0
    await cluster.until(() => ++steps > 100)
    const began = cluster.clock.monotonicMs()
    t.equal(await two.add(key('c2'), target, { ...plainDemand, annotations }), 'AddressTaken')
    t.ok(cluster.clock.monotonicMs() - began < 5_000, 'nobody waits for what cannot come')
    await one.del(key('c1'))
    await cluster.until(() => ++steps > 200)
    t.same(await two.add(key('c3'), target), had, 'a machine that was stopped starts elsewhere')
  }
)

t.test('of all other pods nothing is kept', async t => {
  const { house, facts } = await opened()
  const replicas = { ...set, kind: 'Deployment' }
  const pod = tell(facts, webPod(0), replicas)
  t.same(await house.add(key('c1'), { pod }), [ip('10.9.0.2')])
  await house.del(key('c1'))
  await house.pass(60_000)
  t.same(await house.add(key('x')), [ip('10.9.0.2')])
  t.same(await house.add(key('c2'), { pod }), [ip('10.9.0.3')])
})

t.test('each interface keeps its own', async t => {
  const { house, facts } = await opened()
  const pod = tell(facts, webPod(0))
  const ippools = JSON.stringify([
    { interface: 'eth0', ipv4: ['blue'] },
    { interface: 'net1', ipv4: ['green'] }
  ])
  const demand = { ...plainDemand, annotations: { 'ipam.spidernet.io/ippools': ippools } }
  const both = async (container: string) => [
    await house.add(key(container, 'a', 'eth0'), { pod, demand }),
    await house.add(key(container, 'b', 'net1'), { pod, demand })
  ]
  t.same(await both('c1'), [[ip('10.9.0.2')], [ip('10.8.0.2')]])
  await house.del(key('c1', 'a', 'eth0'))
  await house.del(key('c1', 'b', 'net1'))
  await house.pass(60_000)
  await house.add(key('x'))
  t.same(await both('c2'), [[ip('10.9.0.2')], [ip('10.8.0.2')]])
  await settle()
})

t.test('A00018: it moves to another node with its address', async t => {
  const cluster = new TestCluster([blue])
  const one = await cluster.start('one')
  const two = await cluster.start('two')
  const pod = tell(cluster.facts, webPod(0))
  const has = async (node: ClusterNode, container: string) => {
    const found = await node.add(key(container), pod)
    await node.del(key(container))
    // The other one hears of it.
    let steps = 0
    await cluster.until(() => ++steps > 100)
    return found
  }
  t.same(await has(one, 'c1'), [ip('10.9.0.2')])
  t.same(await has(two, 'c2'), [ip('10.9.0.2')])
  t.same(await has(one, 'c3'), [ip('10.9.0.2')], 'and back')
  await one.add(key('c4'), pod)
  t.equal(await two.add(key('c5'), pod), 'AddressTaken', 'its old sandbox lives elsewhere')
})

t.test('an ADD elsewhere that comes before the DEL is answered when that has come', async t => {
  const cluster = new TestCluster([blue])
  const one = await cluster.start('one')
  const two = await cluster.start('two')
  const pod = tell(cluster.facts, webPod(0))
  const had = await one.add(key('c1'), pod)
  let steps = 0
  await cluster.until(() => ++steps > 100)
  const second = two.add(key('c2'), pod)
  await cluster.until(() => ++steps > 120)
  await one.del(key('c1'))
  t.same(await second, had)
})
