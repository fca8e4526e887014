// Links that lose a fifth of what is sent while the pool is filled to its last address, and one that breaks again
// and again: later, but the same, and nobody thinks of removing anybody.

import '../support/own-host.ts'

import { join } from 'node:path'
import Database from 'better-sqlite3'
import t from 'tap'
import { peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { type Pod, Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 40
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }
const lossPercent = 20
const flaps = 10
/** What a node that comes and goes may cost: it has what it needs, and asks ahead of need at most. */
const writesPerFlapMax = 2

const what = 'links that lose, and one that breaks'
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
  const [n1, , n3, n4] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode, ClusterNode]

  /** As a runtime tries again. */
  const started = (node: ClusterNode) =>
    eventually(`a pod starts on ${node.name}`, async (): Promise<Pod | undefined> => {
      const outcome = await pods.add(node)
      return 'pod' in outcome ? outcome.pod : undefined
    })

  await t.test('as many pods as addresses and one more, while a fifth gets lost', async t => {
    for (const node of cluster.nodes) await cluster.lan.lose(node.number, lossPercent)
    // All on two of four, so that what the others have has to come over.
    const fill = async (node: ClusterNode) => {
      for (let i = 0; i < size / 4; i += 1) await started(node)
    }
    await Promise.all([n3, n3, n4, n4].map(fill))
    t.equal(pods.live.length, size, 'every pod starts')
    t.same(pods.doubles, [], 'no two have the same address')
    const refused = await eventually('one more is refused for good', async () => {
      const outcome = await pods.add(n3)
      return 'refused' in outcome && outcome.refused.code === 110 && outcome.refused
    })
    t.match(JSON.stringify(refused), /blue.*40 of 40 used/, 'with the numbers')
    const [first] = pods.on(n4)
    if (first !== undefined) await pods.stop(first)
    const { address } = await started(n3)
    t.equal(address, first?.address, 'a pod ends elsewhere, and it has that address')
    await pods.stopAll()
    await cluster.lan.heal()
    const known = await cluster.agree()
    t.equal(known.contests, 0, 'nothing is contested')
    t.same(pods.doubles, [])
  })

  await t.test('a node comes and goes all the time', async t => {
    for (const node of cluster.nodes) await started(node)
    const before = await cluster.agree()
    const incarnation = cluster.knowledge(n4)?.incarnation
    const writes = writesOf(n1)
    t.ok(writes > 0, 'addresses have changed hands before')
    const meets = (isMet: boolean) =>
      eventually(`n1 ${isMet ? 'meets' : 'misses'} n4`, async () => {
        const { peers } = await peersOf(n1)
        return peers.some(one => one.node === 'n4' && one.connected && one.session) === isMet
      })
    for (let i = 0; i < flaps; i += 1) {
      await cluster.lan.reset(n4.number)
      await meets(false)
      await pods.stop(await pods.start(n4))
      await cluster.lan.heal([n4.number])
      await meets(true)
      await pods.stop(await pods.start(n4))
    }
    const after = await cluster.agree()
    t.equal(after.registry, before.registry, 'nobody is removed, and nobody joins')
    t.equal(cluster.knowledge(n4)?.incarnation, incarnation, 'it is who it was')
    const moved = writesOf(n1) - writes
    t.comment(`${moved} writes of custody in ${flaps} times`)
    t.ok(moved <= flaps * writesPerFlapMax, 'addresses do not travel for that')
    t.equal(after.contests, 0)
    t.same(pods.doubles, [])
  })
}

/** How often anybody has handed addresses on, as far as this node knows. */
function writesOf(node: ClusterNode): number {
  const database = new Database(join(node.stateDir, 'orbweaver.db'), { readonly: true })
  try {
    return Number(database.prepare('SELECT sum(wctr) FROM mark').pluck().get())
  } finally {
    database.close()
  }
}
