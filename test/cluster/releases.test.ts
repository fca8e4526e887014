// A release that talks a newer wire version comes to two nodes, one after the other, and addresses move between them. The
// later release is this one, told to talk one version more.

import '../support/own-host.ts'

import { join } from 'node:path'
import t from 'tap'
import { peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { recordsOf } from '../support/cluster-state.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 24
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }
const newer = join(import.meta.dirname, 'newer-daemon.ts')

const what = 'two releases'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  await using cluster = await Cluster.start({ nodes: 2, pools: [pool], config })
  const sandbox = await Netns.make()
  const pods = new Pods(cluster, sandbox.path)
  const [n1, n2] = cluster.nodes as [ClusterNode, ClusterNode]
  const older = n1.main

  const change = async (node: ClusterNode, main: string) => {
    await node.stop()
    node.main = main
    await node.start()
  }
  const count = (node: ClusterNode, type: string) =>
    recordsOf(node.stateDir).filter(record => record.type === type).length
  const said = (node: ClusterNode, changes: number) =>
    eventually(`${node.name} has said what it talks`, () => count(node, 'Talk') === changes)

  /** Addresses move between all of them, and are free again. */
  const move = async () => {
    await cluster.agree()
    await pods.spread(cluster.nodes, size)
    await pods.stopAll()
  }

  await change(n1, newer)
  await said(n1, 1)
  await move()
  await change(n1, older)
  await said(n1, 2)
  await change(n2, newer)
  await said(n2, 3)
  t.equal(count(n1, 'MinWire'), 0, 'one talks the old version only')
  await change(n1, newer)
  await eventually('the lowest version rises', () =>
    cluster.nodes.every(node => count(node, 'MinWire') === 1)
  )
  const raised = recordsOf(n2.stateDir).find(({ type }) => type === 'MinWire')
  t.match(raised, { version: 2 })
  await move()

  await change(n2, older)
  await eventually('who goes back now is told so', () => /no wire version/.test(n1.log()))
  await pods.start(n2)
  t.ok(
    (await peersOf(n2)).peers.every(({ session }) => !session),
    'it serves what it holds, and is heard by nobody'
  )
  await change(n2, newer)
  const { contests, members } = await cluster.agree()
  t.same([members, contests], [2, 0])
  await pods.spread(cluster.nodes, size - pods.live.length)
  t.equal(pods.live.length, size, 'every address is usable')
  await pods.stopAll()
  t.same(pods.doubles, [])
  await sandbox.remove()
}
