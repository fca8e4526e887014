// What may happen to nodes that stay members: killed at any moment, cut off, started anew, all at once. Real
// daemons, the real plugin, and a judge who believes neither.

import '../support/own-host.ts'

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Chance } from '../../scripts/sim/chance.ts'
import { peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'
import { seed } from '../support/seed.ts'

const size = 100
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }

const what = 'nodes that fail and come back'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  const cluster = await Cluster.start({ nodes: 4, pools: [pool], config })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
  })
  const pods = new Pods(cluster, sandbox.path)
  const [n1, n2, n3, n4] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode, ClusterNode]

  /** Afterwards every address is usable, once, and nothing is left over. */
  async function scenario(name: string, play: (t: Test) => Promise<void>): Promise<void> {
    await t.test(name, async t => {
      const began = performance.now()
      await play(t)
      await cluster.lan.heal()
      await pods.stopAll()
      const known = await cluster.agree()
      const owned = [...known.owned.values()].reduce((sum, count) => sum + count, 0)
      t.equal(owned, 256, 'every address of the subnet has one owner')
      t.equal(known.contests, 0, 'nothing is contested')
      await pods.spread(cluster.nodes, size)
      t.equal(pods.live.length, size, 'the pool can be filled to its last address')
      await pods.stopAll()
      const left = cluster.nodes.flatMap(node => cluster.knowledge(node)?.used ?? ['unknown'])
      t.same(left, [], 'nothing leaks')
      t.same(pods.doubles, [], 'no address was used twice')
      t.comment(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    })
  }

  await scenario('donors and receivers are killed around grants, under load', async t => {
    const chance = new Chance(seed, 'failures')
    const over = new AbortController()
    const churning = pods.churn(cluster.nodes, over.signal, { each: 20, pauseMs: 5 })
    for (const victim of [n1, n2, n1, n3]) {
      await sleep(chance.below(700))
      await victim.kill()
      await sleep(300)
      await victim.start()
    }
    await sleep(500)
    over.abort()
    await churning
    t.ok(pods.live.length > 0, 'pods were served')
  })

  await scenario('two islands, both with addresses of their own', async t => {
    await pods.spread(cluster.nodes, 40)
    await pods.stopAll()
    await cluster.lan.part([
      [1, 2],
      [3, 4]
    ])
    const over = AbortSignal.timeout(3_000)
    t.same(await pods.churn(cluster.nodes, over), [], 'no pod is refused on either')
    for (const node of cluster.nodes) t.ok(pods.on(node).length > 0, `${node.name} has pods`)
  })

  await scenario('an island without a free address says who has some, and heals alone', async t => {
    await cluster.lan.cut(4)
    const isAlone = async () => (await peersOf(n4)).peers.every(({ connected }) => !connected)
    await eventually('it notices that it is alone', isAlone)
    // All that n4 has is used, by pods of its own; until it is alone it may be given more. Whoever joins first is first.
    const { index = 0 } = await peersOf(n4)
    const own = cluster.knowledge(n4)?.owned.get(index) ?? 0
    let refused
    for (let i = 0; i <= own && refused === undefined; i += 1) {
      const started = await pods.add(n4)
      if ('refused' in started) refused = started.refused
    }
    t.match(refused, { code: 116, msg: /n1.*n2.*n3/, details: /free at n1/ })
    await cluster.lan.heal()
    const pod = await eventually('a pod is served again', async () => {
      const started = await pods.add(n4)
      return 'pod' in started && started.pod
    })
    t.equal(pod.node, n4)
  })

  await scenario('with everybody out of reach a restart serves at once', async t => {
    await pods.spread([n3], 3)
    await pods.stopAll()
    await cluster.lan.cut(3)
    await n3.kill()
    n3.launch()
    const { ms, ...started } = await pods.add(n3)
    t.ok('pod' in started, 'from its own addresses')
    t.comment(`${ms.toFixed(0)} ms from the start of the daemon`)
  })

  await scenario('after a reboot nobody serves before it has asked', async t => {
    await pods.spread([n3], 3)
    await pods.stopAll()
    await cluster.lan.cut(3)
    await n3.kill()
    n3.setBoot('11111111-1111-4111-8111-111111111111')
    await n3.start()
    const { refused } = (await pods.add(n3, { answer_timeout_seconds: 3 })) as { refused?: object }
    t.match(refused, { code: /^(11|113)$/ }, 'not while nobody can be asked')
    await cluster.lan.heal()
    await pods.start(n3, { answer_timeout_seconds: 30 })
  })

  await scenario('a DEL while the daemon is down is done when it is back, once', async t => {
    await pods.spread([n2], 5)
    const [pod] = pods.on(n2)
    await n2.kill()
    await pods.stopAll([pod as NonNullable<typeof pod>])
    t.equal(cluster.knowledge(n2)?.used.includes(pod?.address ?? ''), true, 'it waits in the queue')
    await n2.start()
    await eventually('it is released', () => cluster.knowledge(n2)?.used.length === 4)
  })

  await scenario('all are off and on at once', async t => {
    await pods.spread(cluster.nodes, 20)
    await Promise.all(cluster.nodes.map(node => node.kill()))
    for (const pod of pods.live) pods.forget(pod)
    for (const node of cluster.nodes) {
      node.setBoot(`22222222-2222-4222-8222-22222222222${node.number}`)
      node.launch()
    }
    await Promise.all(cluster.nodes.map(node => node.ready()))
    for (const node of cluster.nodes) {
      await pods.start(node, { answer_timeout_seconds: 30 })
    }
    t.equal(pods.live.length, 4, 'each serves again')
  })
}
