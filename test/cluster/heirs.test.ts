// Who takes over from a removed node when that goes wrong in turn: two people remove it at once, and the heir
// dies around its claim. Real daemons, killed where it hurts, and a judge who counts every address.

import '../support/own-host.ts'

import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { askAdmin, blocksOf, peersOf } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { recordsOf } from '../support/cluster-state.ts'
import { attempt, eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { mainProgram } from '../support/main-program.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 60
/** Of the whole subnet, since custody covers that. */
const addresses = 256
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }
const main = mainProgram()
const boot = (count: number) => `${String(count).padStart(8, '0')}-1111-4111-8111-111111111111`

const what = 'heirs of removed nodes'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  const cluster = await Cluster.start({ nodes: 5, pools: [pool], config })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
  })
  const pods = new Pods(cluster, sandbox.path)
  const [n1, n2, n3, n4, n5] = cluster.nodes as [
    ...[ClusterNode, ClusterNode, ClusterNode],
    ...[ClusterNode, ClusterNode]
  ]
  let boots = 0

  const indexOf = async (node: ClusterNode) => (await peersOf(node)).index ?? 0
  const owned = (at: ClusterNode, index: number) => cluster.knowledge(at)?.owned.get(index) ?? 0
  const missed = (at: ClusterNode, gone: ClusterNode) =>
    eventually(`${at.name} misses ${gone.name}`, async () => {
      const { peers } = await peersOf(at)
      return peers.every(({ node, connected }) => node !== gone.name || !connected)
    })

  /** Its machine goes off, and its pods with it. */
  async function off(node: ClusterNode): Promise<void> {
    await node.kill()
    for (const pod of pods.on(node)) pods.forget(pod)
  }

  /** Its machine is switched on with its old disk, and it lives on as another. */
  async function on(node: ClusterNode): Promise<void> {
    const before = cluster.knowledge(node)?.incarnation
    boots += 1
    node.setBoot(boot(boots))
    await node.start()
    await eventually(
      `${node.name} is another incarnation`,
      () => cluster.knowledge(node)?.incarnation !== before
    )
  }

  /** As a person does it. */
  const remove = (at: ClusterNode, gone: ClusterNode) =>
    attempt(process.execPath, [
      ...[main, 'remove', gone.name, '--vouched-by', 'test'],
      ...['--config', join(dirname(at.stateDir), 'config.yaml')]
    ])

  /** Every address has one owner who lives, none is lost, and each can be used once. */
  async function whole(t: Test, nodes: readonly ClusterNode[]): Promise<void> {
    const known = await cluster.agree(nodes)
    const indexes = await Promise.all(nodes.map(indexOf))
    const total = indexes.reduce((sum, index) => sum + (known.owned.get(index) ?? 0), 0)
    t.equal(total, addresses, 'every address belongs to somebody who lives')
    t.equal(known.contests, 0, 'nothing is contested')
    await pods.spread(nodes, size - pods.live.length)
    t.equal(pods.live.length, size, 'the pool can be filled to its last address')
    t.same(pods.doubles, [], 'no address was used twice')
    await pods.stopAll()
  }

  await t.test('two people remove one node at once, each on a node of its own', async t => {
    await pods.spread(cluster.nodes, 40)
    const gone = await indexOf(n5)
    await off(n5)
    await Promise.all([n1, n2].map(node => missed(node, n5)))
    const outcomes = await Promise.all([n1, n2].map(node => remove(node, n5)))
    const [won, lost] = outcomes.toSorted((a, b) => a.code - b.code)
    t.match(won, { code: 0, stdout: /^removed n5 .* by record \d+; n[12] takes over/ })
    t.match(lost, { code: 1, stderr: /n5 .*was removed by record \d+ already/ }, 'and why')
    const heir = outcomes.findIndex(({ code }) => code === 0) + 1
    t.match(won?.stdout, new RegExp(`n${heir} takes over`), 'where it was removed')
    await eventually('the heir has taken over', () => owned(n1, gone) === 0)
    const removals = recordsOf(n1.stateDir).filter(({ type }) => type === 'Remove')
    t.equal(removals.length, 1, 'one record')
    await whole(t, [n1, n2, n3, n4])
  })

  /**
   * N5 is removed and n4 is its heir, which dies at some moment; then it is removed too, and n1 takes over
   * from both. `until` waits for the moment.
   */
  async function heirDies(
    name: string,
    until: (gone: number) => Promise<unknown>,
    meanwhile: { readonly before?: () => void; readonly after?: () => void } = {}
  ): Promise<void> {
    await t.test(`the heir dies ${name}`, async t => {
      await Promise.all([n4, n5].filter(({ isUp }) => !isUp).map(on))
      await cluster.agree(cluster.nodes, 60_000, ({ owned, members }) => owned.size <= members)
      await pods.spread(cluster.nodes, 45)
      const [gone, heir] = (await Promise.all([n5, n4].map(indexOf))) as [number, number]
      const bothOwn = () => owned(n1, gone) > 0 && owned(n1, heir) > 0
      await eventually('n1 knows that both have addresses', bothOwn)
      await off(n5)
      await Promise.all([n1, n4].map(node => missed(node, n5)))
      meanwhile.before?.()
      const { status, body } = await askAdmin(n4, '/v1/remove', { node: 'n5', vouchedBy: 'test' })
      t.equal(status, 200, JSON.stringify(body))
      await until(gone)
      await off(n4)
      meanwhile.after?.()
      await missed(n1, n4)
      const both = () => owned(n1, gone) + owned(n1, heir)
      const second = await remove(n1, n4)
      t.match(second, { code: 0, stdout: /n1 takes over/ })
      await eventually('another one has taken over from both', () => both() === 0)
      await whole(t, [n1, n2, n3])
    })
  }

  await heirDies(
    'in the middle of its round',
    () =>
      eventually('only n2 has not answered', async () => {
        const { domains } = await blocksOf(n4)
        return String(domains.flatMap(({ waitsFor }) => waitsFor)) === 'n2'
      }),
    { before: () => n2.freeze(), after: () => n2.thaw() }
  )
  await heirDies('as soon as it has claimed', gone =>
    eventually('it has claimed', () => owned(n4, gone) === 0)
  )
}
