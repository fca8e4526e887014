// Pods that keep their addresses on nodes that are cut off and removed, and a node that is drained over restarts: real
// daemons, which read of the pods' owners in one directory.

import '../support/own-host.ts'

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { askAdmin, blocksOf, ownsAll, peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 20
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const patience = { connect_timeout_seconds: 2, answer_timeout_seconds: 8 }

const what = 'fixed addresses and drains'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  const facts = mkdtempSync('/var/tmp/ow-facts-')
  const config = {
    ...{ cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } },
    factsDirs: [facts]
  }
  tell('web', {})
  const one = JSON.stringify([`10.9.0.${size}`])
  for (const name of ['db', 'cache']) tell(name, { 'ipam.spidernet.io/ips': one })
  const cluster = await Cluster.start({ nodes: 3, pools: [pool], config })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
    rmSync(facts, { recursive: true })
  })
  const pods = new Pods(cluster, sandbox.path)
  const [n1, n2, n3] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode]

  const started = async (node: ClusterNode, name: string) => {
    const outcome = await pods.addNamed(node, name, patience)
    if ('pod' in outcome) return outcome.pod
    throw new Error(`${name} on ${node.name}: ${JSON.stringify(outcome.refused)}`)
  }
  /** Why, when it is what is expected: after "not yet" a runtime comes again. */
  const refused = (node: ClusterNode, name: string, code: number) =>
    eventually(`${name} is refused on ${node.name} with ${code}`, async () => {
      const outcome = await pods.addNamed(node, name, patience)
      if ('pod' in outcome) throw new Error(`${name} has ${outcome.pod.address}`)
      return outcome.refused.code === code && outcome.refused
    })
  const isKept = (node: ClusterNode, holder: string) =>
    eventually(`${node.name} knows of ${holder}`, async () =>
      JSON.stringify(await blocksOf(node)).includes(holder)
    )
  const connects = (node: ClusterNode, other: ClusterNode, is: boolean) =>
    eventually(`${node.name} ${is ? 'sees' : 'misses'} ${other.name}`, async () => {
      const { peers } = await peersOf(node)
      return peers.some(peer => peer.node === other.name && peer.connected && peer.session) === is
    })

  await t.test('F32: two owners declare one address', async t => {
    const db = await started(n1, 'db-0')
    t.equal(db.address, `10.9.0.${size}`)
    await isKept(n2, 'test/db-0')
    const second = await refused(n2, 'cache-0', 101)
    t.match(second, { msg: /10\.9\.0\.20 is kept for StatefulSet\/test\/db-0/ })
    await pods.stop(db)
  })

  await t.test('F30: an address whose node is cut off is nobody else’s', async t => {
    const web = await started(n2, 'web-0')
    await isKept(n3, 'test/web-0')
    await cluster.lan.cut(2)
    await connects(n3, n2, false)
    t.match(await refused(n3, 'web-0', 111), { msg: new RegExp(`${web.address}.*n2`) })
    await cluster.lan.heal()
    await connects(n3, n2, true)
    // Its old sandbox lives.
    await refused(n3, 'web-0', 101)
    await pods.stop(web)
    const moved = await started(n3, 'web-0')
    t.equal(moved.address, web.address)
    await pods.stop(moved)
  })

  await t.test('a drain goes on after restarts and a reboot, until it is called off', async t => {
    const pod = await started(n3, 'plain')
    t.equal((await askAdmin(n3, '/v1/drain', {})).status, 200)
    await n3.kill()
    n3.setBoot('11111111-1111-4111-8111-111111111111')
    await n3.start()
    await connects(n1, n3, true)
    t.match(await refused(n3, 'late', 113), { msg: /drained/ })
    await pods.stop(pod)
    await eventually('what its last pod had is given away', async () => {
      return (await ownsAll(n1, [pod.address])) || (await ownsAll(n2, [pod.address]))
    })
    await n3.stop()
    await n3.start()
    t.match(await refused(n3, 'late', 113), { msg: /drained/ })
    t.equal((await askAdmin(n3, '/v1/undrain', {})).status, 200)
    await pods.stop(await started(n3, 'again'))
  })

  await t.test('F31: its node is off and removed: the same address elsewhere', async t => {
    const web = await started(n2, 'web-0')
    await isKept(n3, 'test/web-0')
    await cluster.agree()
    await n2.kill()
    pods.forget(web)
    await connects(n3, n2, false)
    t.match(await refused(n3, 'web-0', 111), { msg: /orbweaverd remove/ })
    const removal = { node: 'n2', vouchedBy: 'test' }
    t.equal((await askAdmin(n1, '/v1/remove', removal)).status, 200)
    const moved = await eventually('it starts', async () => {
      const outcome = await pods.addNamed(n3, 'web-0', patience)
      return 'pod' in outcome && outcome.pod
    })
    t.equal(moved.address, web.address)
    t.same(pods.doubles, [])
  })

  /** A StatefulSet of one, and its pod. */
  function tell(name: string, annotations: Readonly<Record<string, string>>): void {
    const namespace = 'test'
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name }
    const ownerReferences = [{ ...owner, controller: true }]
    const items = [
      { ...owner, metadata: { name, namespace }, spec: { replicas: 1 } },
      {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: { name: `${name}-0`, namespace, annotations, ownerReferences }
      }
    ]
    writeFileSync(
      join(facts, `.${name}`),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
    )
    renameSync(join(facts, `.${name}`), join(facts, `${name}.json`))
  }
}
