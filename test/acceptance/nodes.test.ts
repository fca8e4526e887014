// Three nodes: one that is lost, two sides of a cut, and a control plane that is dead all the time.

import '../support/own-host.ts'

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { allocatedBy, poolsOf } from '../support/admin.ts'
import { askAdmin, blocksOf, peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { ipamSection, type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { withPods } from './kube.ts'
import { Kubelet, sandboxOf } from './kubelet.ts'

const size = 36
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }

const what = 'nodes that are lost, cut off or without a control plane'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  const facts = mkdtempSync(join(tmpdir(), 'facts-'))
  mkdirSync(facts, { recursive: true })
  const items = withPods({ kind: 'StatefulSet', name: 'web', replicas: 1 }, 1)
  writeFileSync(join(facts, 'web.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  const cluster = await Cluster.start({
    ...{ nodes: 3, pools: [pool] },
    config: {
      cooldown: { seconds: 0 },
      reconcile: { everySeconds: 3600 },
      factsDirs: [facts]
    }
  })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
  })
  const pods = new Pods(cluster, sandbox.path)
  const [registrar, n2, n3] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode]
  /** What was released there serves again. */
  const rested = (node: ClusterNode) =>
    eventually('nothing cools', async () =>
      (await poolsOf(node)).every(({ cooling }) => cooling === 0)
    )
  const kubeletOf = (node: ClusterNode) =>
    new Kubelet(node, sandbox.path, ipamSection(node, cluster.pools))

  await t.test(
    'E00003 L00008 A00018: a pod of a StatefulSet goes from node to node with its address',
    async t => {
      const first = sandboxOf('web-0')
      const { ips } = await kubeletOf(n2).add(first)
      const knows = async (node: ClusterNode) =>
        JSON.stringify(await blocksOf(node)).includes('StatefulSet/default/web-0/eth0')
      await eventually('the others know for whom it is kept', async () => knows(n3))
      const second = sandboxOf('web-0')
      const adding = kubeletOf(n3).add(second)
      await kubeletOf(n2).del(first)
      t.same((await adding).ips, ips, 'its ADD may come before the DEL')
      t.same(await allocatedBy(n2), [])
      await kubeletOf(n3).del(second)
    }
  )

  await t.test(
    'partition: two nodes that do not hear each other and both want all there is',
    async t => {
      await pods.spread(cluster.nodes, 9)
      await pods.stopAll()
      await cluster.lan.part([[1, 2], [3]])
      const patience = { answer_timeout_seconds: 2 }
      const fill = async (node: ClusterNode) => {
        for (let refusals = 0; refusals < 1;) {
          if ('refused' in (await pods.add(node, patience))) refusals += 1
        }
      }
      await Promise.all([fill(n2), fill(n3), fill(registrar)])
      t.same(pods.doubles, [], 'no address is given on both sides')
      t.ok(
        pods.on(n3).length > 0 && pods.live.length > pods.on(n3).length,
        'and each side goes on with what it has'
      )
      await pods.stopAll()
      await cluster.lan.heal()
      await cluster.agree()
      await pods.spread([n3], size - 1)
      t.same(pods.doubles, [], 'afterwards one of them may have all')
      await pods.stopAll()
    }
  )

  await t.test(
    'R00003 G18 #1375: with a dead control plane pods come and go, and addresses from node to node',
    async t => {
      await registrar.stop()
      const [own, others] = [pods.on(n2).length, cluster.knowledge(n2)?.records]
      t.equal(own, 0)
      const most = Math.floor(size * 0.6)
      await rested(n3)
      await pods.spread([n2], most)
      await pods.stopAll()
      await rested(n2)
      await pods.spread([n3], most)
      await pods.stopAll()
      t.equal(pods.waits.length > 2 * most, true, `${most} on either, one after the other`)
      t.same(pods.doubles, [])
      t.equal(cluster.knowledge(n2)?.records, others, 'nobody had to decide anything for all')
      await registrar.start()
      await cluster.agree()
    }
  )

  await t.test(
    'G00009 R00006 G20 #2967: of a node that is lost nothing is used before it is fenced, and all after',
    async t => {
      await pods.spread([n3], 10)
      const lost = pods.on(n3).map(({ address }) => address)
      const { index = 0 } = await peersOf(n3)
      const owned = cluster.knowledge(n3)?.owned.get(index) ?? 0
      await n3.kill()
      t.ok(owned >= lost.length)
      const patience = { answer_timeout_seconds: 10 }
      const refusal = await eventually('the rest is used up', async () => {
        const started = await pods.add(registrar, patience)
        return 'refused' in started && started.refused
      })
      t.match(refusal, { code: /^(11|116)$/ })
      const missing = async () =>
        (await peersOf(registrar)).peers.some(peer => peer.node === 'n3' && !peer.connected)
      await eventually('it is missed', missing)
      const named = await eventually('who is silent is named', async () => {
        const started = await pods.add(registrar, patience)
        return 'refused' in started && started.refused.code === 116 && started.refused
      })
      t.match(named, { msg: /n3 cannot be asked/ })
      t.same(pods.doubles, [], 'its pods may run on, and so nobody has their addresses')
      t.ok(lost.every(address => pods.live.some(pod => pod.address === address && pod.node === n3)))
      for (const pod of pods.on(n3)) pods.forget(pod)
      t.match(await askAdmin(registrar, '/v1/remove', { node: 'n3', vouchedBy: 'test' }), {
        status: 200
      })
      const count = () => pods.live.length
      await eventually('all are used', async () => {
        await pods.add(registrar, patience)
        return count() >= size - 1
      })
      t.ok(
        lost.every(address => pods.live.some(pod => pod.address === address)),
        'those of its pods, too'
      )
      t.same(pods.doubles, [])
    }
  )
}
