// A new release comes to five nodes, one after the other, while pods come and go on all of them: no pod hears
// of it, as long as a plugin waits.

import '../support/own-host.ts'

import t from 'tap'
import { percentile } from '../../scripts/bench/statistics.ts'
import { Cluster } from '../support/cluster.ts'
import { Pods } from '../support/cluster-pods.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 100
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }

const what = 'a rolling restart under load'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  await using cluster = await Cluster.start({ nodes: 5, pools: [pool], config })
  const sandbox = await Netns.make()
  const pods = new Pods(cluster, sandbox.path)
  const over = new AbortController()
  // The plugin's own patience: 15 seconds for a daemon, 60 in all.
  const churning = pods.churn(cluster.nodes, over.signal, { each: 14, pauseMs: 30, patience: {} })
  const before = new Map(cluster.nodes.map(node => [node, node.pid]))
  for (const node of cluster.nodes) {
    await node.stop()
    await node.start()
  }
  over.abort()
  const refusals = await churning
  t.same(refusals, [], 'no ADD is refused')
  t.ok(
    cluster.nodes.every(node => node.pid !== before.get(node)),
    'every daemon is another one'
  )
  t.comment(`${pods.waits.length} ADDs, the longest ${percentile(pods.waits, 1).toFixed(0)} ms`)
  t.ok(pods.waits.length > 100, 'pods came all the time')
  await pods.stopAll()
  const { contests, members } = await cluster.agree()
  t.equal(members, 5, 'nobody became somebody else')
  t.equal(contests, 0, 'nothing is contested')
  await pods.spread(cluster.nodes, size)
  t.equal(pods.live.length, size, 'every address is usable')
  await pods.stopAll()
  t.same(pods.doubles, [], 'no address was used twice')
  await sandbox.remove()
}
