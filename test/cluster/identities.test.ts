// Nodes that are removed, come back from the past or exist twice: who may still hand out which address, tried
// with real daemons.

import '../support/own-host.ts'

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { askAdmin, blocksOf, ownsAll, peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 100
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }
/** Silence is noticed in six seconds, and machines of a test are slow. */
const patienceMs = 40_000
const boot = (digit: number) => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`

const what = 'nodes that are removed, restored and cloned'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  /** The fifth is the clone, the sixth a cluster of its own. */
  const cluster = await Cluster.make({
    ...{ nodes: 6, pools: [pool], config },
    mesh: node => (node === 6 ? { registrar: true, peers: ['/ip4/10.77.0.1/tcp/7946'] } : {})
  })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
  })
  const pods = new Pods(cluster, sandbox.path)
  const [n1, n2, n3, n4, n5, n6] = cluster.nodes as [
    ...[ClusterNode, ClusterNode, ClusterNode],
    ...[ClusterNode, ClusterNode, ClusterNode]
  ]
  const first = [n1, n2, n3, n4]
  for (const node of first) node.launch()
  await Promise.all(first.map(node => node.ready()))
  await cluster.agree(first, 60_000, ({ members, owned }) => members === 4 && owned.size > 0)

  const incarnation = (node: ClusterNode) => cluster.knowledge(node)?.incarnation ?? ''
  const connected = async (node: ClusterNode, to: ClusterNode) =>
    (await peersOf(node)).peers.some(peer => peer.node === to.name && peer.connected)
  const noticed = (at: ClusterNode, gone: ClusterNode) =>
    eventually('it is missed', async () => !(await connected(at, gone)), patienceMs)
  const remove = (at: ClusterNode, gone: ClusterNode) =>
    askAdmin(at, '/v1/remove', { node: gone.name, vouchedBy: 'test' })
  const reborn = (node: ClusterNode, than: string) =>
    eventually(
      `${node.name} is another incarnation`,
      () => incarnation(node) !== than && incarnation(node) !== '',
      patienceMs
    )

  /** Afterwards these nodes can use every address, once. */
  async function scenario(
    name: string,
    nodes: readonly ClusterNode[],
    play: (t: Test) => Promise<void>
  ): Promise<void> {
    await t.test(name, async t => {
      const began = performance.now()
      await play(t)
      const known = await cluster.agree(nodes, 60_000, ({ owned, members }) => {
        return owned.size <= members
      })
      t.equal(known.contests, 0, 'nothing is contested')
      await pods.spread(nodes, size - pods.live.length)
      t.equal(pods.live.length, size, 'the pool can be filled to its last address')
      await pods.stopAll()
      const left = nodes.flatMap(node => cluster.knowledge(node)?.used ?? ['unknown'])
      t.same(left, [], 'nothing leaks')
      t.same(pods.doubles, [], 'no address was used twice')
      t.comment(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    })
  }

  await scenario('who runs and answers is not removed', first, async t => {
    const { status, body } = await remove(n1, n4)
    t.equal(status, 409)
    t.match(body, { error: /n4 is not off/ })
  })

  await scenario('a frozen node is removed by mistake, and thaws', first, async t => {
    await pods.spread(first, 20)
    const before = incarnation(n4)
    const own = pods.on(n4).map(({ address }) => address)
    n4.freeze()
    await noticed(n1, n4)
    t.match(await remove(n1, n4), { status: 200 })
    await eventually(
      'its addresses are taken over',
      async () => (await blocksOf(n1)).domains.every(({ waitsFor }) => waitsFor.length === 0),
      patienceMs
    )
    n4.thaw()
    await reborn(n4, before)
    await pods.start(n4, { answer_timeout_seconds: 30 })
    // It asks for them by name; until it has them they are free elsewhere, and in use here.
    await eventually('their custody is its own again', () => ownsAll(n4, own), patienceMs)
    const kept = pods.on(n4).map(({ address }) => address)
    t.same(
      own.filter(address => !kept.includes(address)),
      [],
      'its pods keep their addresses'
    )
  })

  let lost = ''
  await scenario(
    'the addresses of a machine that is off come back, when all the others have answered',
    [n1, n2, n4],
    async t => {
      await pods.spread(first, 40)
      lost = incarnation(n3)
      const { index = 0 } = await peersOf(n3)
      const owned = () => cluster.knowledge(n1)?.owned.get(index) ?? 0
      await n3.kill()
      for (const pod of pods.on(n3)) pods.forget(pod)
      n2.freeze()
      await noticed(n1, n3)
      t.match(await remove(n1, n3), { status: 200 })
      const waitsFor = async () => (await blocksOf(n1)).domains.flatMap(domain => domain.waitsFor)
      await eventually(
        'it says that it waits for n2 alone',
        async () => String(await waitsFor()) === 'n2',
        patienceMs
      )
      t.ok(owned() > 0, 'meanwhile nobody has its addresses')
      n2.thaw()
      const began = performance.now()
      await eventually('they are taken over', () => owned() === 0, patienceMs)
      t.comment(
        `taken over ${(performance.now() - began).toFixed(0)} ms after the last could answer`
      )
    }
  )

  await scenario('a removed machine is switched on with its old disk', first, async t => {
    n3.setBoot(boot(3))
    await n3.start()
    await reborn(n3, lost)
    await pods.start(n3, { answer_timeout_seconds: 30 })
    t.same(pods.doubles, [])
  })

  await scenario('a disk from the past is found out before the first pod', first, async t => {
    await pods.spread([n2], 4)
    await pods.stopAll()
    await n2.stop()
    n2.save('yesterday')
    await n2.start()
    const before = incarnation(n2)
    // What n2 had goes to the others, and is in use there.
    await pods.spread([n1, n3, n4], size)
    await n2.kill()
    n2.restore('yesterday')
    n2.setBoot(boot(2))
    await n2.start()
    const { refused } = (await pods.add(n2, { answer_timeout_seconds: 5 })) as { refused?: object }
    t.match(refused, { code: Number }, 'all are in use')
    await reborn(n2, before)
  })

  await scenario('a clone with the machine id of the original', [...first, n5], async () => {
    await pods.spread(first, 20)
    await n4.stop()
    n4.save('clone')
    await n4.start()
    await eventually('n4 is back', async () => connected(n1, n4), patienceMs)
    n5.restore('clone', n4)
    n5.setMachine('machine-4')
    n5.setBoot(boot(5))
    await n5.start()
    await eventually(
      'at most one goes on as what both were',
      () => incarnation(n4) !== incarnation(n5),
      patienceMs
    )
    await pods.start(n5, { answer_timeout_seconds: 30 })
    await pods.start(n4, { answer_timeout_seconds: 30 })
  })

  await scenario('a node of another cluster is not heard', [...first, n5], async t => {
    const before = cluster.knowledge(n1)?.registry
    await cluster.lan.cut(6)
    await n6.start()
    await eventually('it founds its own', () => cluster.knowledge(n6)?.members === 1, patienceMs)
    await cluster.lan.heal()
    // It dials the first node, which lets it in: they have the same key.
    await sleep(8_000)
    t.equal(cluster.knowledge(n1)?.registry, before, 'no record has come in')
    t.not(cluster.knowledge(n6)?.registry, before, 'none went out')
    await n6.kill()
  })
}
