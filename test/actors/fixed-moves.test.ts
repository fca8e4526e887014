// Pods that keep their addresses move between nodes that are cut off, or gone; and two owners want one address.

import t from 'tap'
import type { Demand } from '../../src/core/demand.ts'
import { formatRecord } from '../../src/core/registry/record-text.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { type ClusterNode, TestCluster } from '../support/test-cluster.ts'
import { plainDemand } from '../support/test-house.ts'

const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])
const address = ip('10.9.0.2')

async function opened() {
  const cluster = new TestCluster([blue])
  const one = await cluster.start('one')
  const two = await cluster.start('two')
  const three = await cluster.start('three')
  return { cluster, one, two, three }
}

/** The first pod of a StatefulSet. */
function podOf({ facts }: TestCluster, name: string) {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name }
  const pod = { namespace: 'default', name: `${name}-0` }
  facts.tellPod(pod, { owner })
  facts.tellWorkload({ ...owner, namespace: 'default' }, { replicas: 1 })
  return pod
}

/** Everybody hears of what was done. */
async function pass(cluster: TestCluster, steps = 150): Promise<void> {
  let passed = 0
  await cluster.until(() => ++passed > steps)
}

async function remove(cluster: TestCluster, gone: ClusterNode, heir: ClusterNode): Promise<void> {
  const record = formatRecord({
    ...{ type: 'Remove', incarnation: gone.incarnation, heir: heir.incarnation },
    ...{ assertion: 'OUT_OF_SERVICE', evidence: 'it is off', author: 'operator', atMs: 0 }
  })
  const { registry } = cluster
  t.same(await registry.append(registry.view.index + 1, record), { type: 'Appended' })
}

t.test('F30: its old node is cut off: it starts nowhere else until that is over', async t => {
  const { cluster, one, two } = await opened()
  const pod = podOf(cluster, 'web')
  t.same(await one.add(key('c1'), pod), [address])
  await pass(cluster)
  cluster.bus.cut(one.peer)
  // Somebody deletes the pod by force: its DEL has not come, and it may run still.
  t.equal(await two.add(key('c2'), pod), 'AddressHeld')
  cluster.bus.mend(one.peer)
  await pass(cluster)
  t.equal(await two.add(key('c3'), pod), 'AddressTaken', 'its old sandbox lives')
  await one.del(key('c1'))
  // It cools down.
  await pass(cluster, 350)
  t.same(await two.add(key('c4'), pod), [address])
})

t.test('F31: its old node is declared out of service: the same address', async t => {
  const { cluster, one, two, three } = await opened()
  const pod = podOf(cluster, 'web')
  t.same(await one.add(key('c1'), pod), [address])
  await pass(cluster)
  cluster.bus.cut(one.peer)
  t.equal(await two.add(key('c2'), pod), 'AddressHeld')
  await remove(cluster, one, three)
  await pass(cluster)
  t.same(await two.add(key('c3'), pod), [address], 'its heir gives it to whom it is kept for')
})

t.test('F32: two owners declare one address: who is second hears who has it', async t => {
  const { cluster, one, two } = await opened()
  const annotations = { 'ipam.spidernet.io/ips': '["10.9.0.2"]' }
  const demand: Demand = { ...plainDemand, annotations }
  const [web, db] = [podOf(cluster, 'web'), podOf(cluster, 'db')]
  t.same(await one.add(key('c1'), web, demand), [address])
  await pass(cluster)
  t.equal(await two.add(key('c2'), db, demand), 'AddressTaken')
  await one.del(key('c1'))
  await pass(cluster)
  t.equal(await two.add(key('c3'), db, demand), 'AddressTaken', 'it is kept for the first')
  t.same(await two.add(key('c4'), web, demand), [address])
})
