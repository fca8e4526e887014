// A disk from the past whose forgotten grants went to a node that cannot be asked: who waits for everybody finds
// out when that one is back, and who waits for those in reach finds out by what they have heard.

import '../support/own-host.ts'

import t, { type Test } from 'tap'
import { blocksOf, peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 60
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }
const boot = (digit: number) => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`

const what = 'a disk from the past'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  /** The fourth waits for all, the third for those in reach. */
  const cluster = await Cluster.start({
    ...{ nodes: 4, pools: [pool], config },
    mesh: node => (node === 4 ? { confirm: 'all' } : {})
  })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
  })
  const pods = new Pods(cluster, sandbox.path)
  const [n1, n2, n3, n4] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode, ClusterNode]

  const indexOf = async (node: ClusterNode) => (await peersOf(node)).index ?? 0
  const owned = (at: ClusterNode, index: number) => cluster.knowledge(at)?.owned.get(index) ?? 0
  const incarnation = (node: ClusterNode) => cluster.knowledge(node)?.incarnation

  /** Copied while it runs, as a snapshot of a volume is: its openings tell nobody that it is old. */
  function snapshot(node: ClusterNode): void {
    node.freeze()
    node.save('snapshot')
    node.thaw()
  }

  /** The machine falls back to that copy, and is switched on. Its pods are gone. */
  async function fallBack(node: ClusterNode, digit: number): Promise<void> {
    await node.kill()
    for (const pod of pods.on(node)) pods.forget(pod)
    node.restore('snapshot')
    node.setBoot(boot(digit))
    await node.start()
  }

  /** Pods start on n3 until it needs what this one has. */
  async function takeFrom(t: Test, donor: ClusterNode): Promise<void> {
    const index = await indexOf(donor)
    const had = owned(donor, index)
    for (let i = 0; i < size && owned(donor, index) === had; i += 1) await pods.start(n3)
    t.ok(owned(donor, index) < had, 'it has given away what it will not remember')
  }

  await t.test('nobody in reach has heard of it: mode all waits', async t => {
    await pods.spread([n4], 12)
    await pods.stopAll()
    await cluster.agree()
    const before = incarnation(n4)
    snapshot(n4)
    // The others are off meanwhile.
    await Promise.all([n1, n2].map(node => node.kill()))
    await takeFrom(t, n4)
    const taken = pods.live.map(({ address }) => address)
    await n3.kill()
    await Promise.all([n1, n2].map(node => node.start()))
    await fallBack(n4, 4)
    await eventually('it says for whom it waits', async () => {
      const { domains } = await blocksOf(n4)
      return String(domains.flatMap(({ waitsFor }) => waitsFor)) === 'n3'
    })
    const started = await pods.add(n4, { answer_timeout_seconds: 3 })
    t.match(started, { refused: { code: 113, msg: /was away/ } }, 'and hands out nothing')
    t.equal(incarnation(n4), before, 'it has no proof yet')
    await n3.start()
    await eventually('it finds out', () => incarnation(n4) !== before)
    const pod = await pods.start(n4, { answer_timeout_seconds: 60 })
    t.notOk(taken.includes(pod.address), 'what is in use there is given to nobody here')
    await pods.stopAll()
  })

  await t.test('those in reach have heard of it: mode reachable finds out', async t => {
    await pods.spread([n2], 12)
    await pods.stopAll()
    await cluster.agree()
    const before = incarnation(n2)
    snapshot(n2)
    await takeFrom(t, n2)
    await cluster.agree()
    await n3.kill()
    await fallBack(n2, 2)
    await eventually('it finds out without the one who took it', () => incarnation(n2) !== before)
    await n3.start()
  })

  await t.test('afterwards all is as it should be', async t => {
    const known = await cluster.agree(cluster.nodes, 60_000, ({ owned, members }) => {
      return owned.size <= members
    })
    t.equal(known.contests, 0, 'nothing is contested')
    await pods.spread(cluster.nodes, size - pods.live.length)
    t.equal(pods.live.length, size, 'the pool can be filled to its last address')
    t.same(pods.doubles, [], 'no address was used twice')
  })
}
