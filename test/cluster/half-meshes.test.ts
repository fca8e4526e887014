// Messages that come again, half of a mesh that does not work, and a range that is given up: real daemons, the real
// plugin, and a mesh between them that can be told what to lose.

import '../support/own-host.ts'

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { retired } from '../../src/core/lease/register.ts'
import { askAdmin, blocksOf, ownsAll } from '../support/cluster-admin.ts'
import { Cluster } from '../support/cluster.ts'
import type { ClusterNode } from '../support/cluster-node.ts'
import { Pods } from '../support/cluster-pods.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const size = 24
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/24', ips: [`10.9.0.1-10.9.0.${size}`] }
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }
/** One that gets no address shall not hold up the test. */
const impatient = { answer_timeout_seconds: 2 }

const what = 'a mesh that works by half'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  const cluster = await Cluster.make({ nodes: 3, pools: [pool], config })
  const sandbox = await Netns.make()
  t.teardown(async () => {
    await cluster[Symbol.asyncDispose]()
    await sandbox.remove()
  })
  const pods = new Pods(cluster, sandbox.path)
  const [n1, n2, n3] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode]
  for (const node of cluster.nodes) {
    node.main = join(import.meta.dirname, 'half-daemon.ts')
    node.launch()
  }
  await Promise.all(cluster.nodes.map(node => node.ready()))
  await cluster.joined()

  /** From now on this is lost of what these nodes say. */
  async function lose(lost: '' | 'rumours' | 'streams' | 'Taken', nodes = cluster.nodes) {
    for (const node of nodes) {
      const since = node.log().length
      writeFileSync(`${node.stateDir}.mesh`, lost)
      process.kill(node.pid as number, 'SIGUSR2')
      const isSo = () => node.log().slice(since).includes(`half-mesh without ${lost}\n`)
      await eventually(`${node.name} has read that`, isSo)
    }
  }
  /** How many addresses of the pool a node has, used or not. */
  const held = async (node: ClusterNode) => {
    const { domains } = await blocksOf(node)
    const mine = domains.flatMap(({ blocks }) => blocks.filter(block => block.mine))
    const host = (address: string) => Number(address.split('.').at(-1))
    const count = ({ first, last }: { first: string; last: string }) =>
      Math.min(host(last), size) - Math.max(host(first), 1) + 1
    return mine.reduce((sum, block) => sum + Math.max(0, count(block)), 0)
  }

  async function scenario(name: string, play: (t: Test) => Promise<void>): Promise<void> {
    await t.test(name, async t => {
      const began = performance.now()
      await play(t)
      const known = await cluster.agree()
      t.equal(known.contests, 0, 'nothing is contested')
      t.same(pods.doubles, [], 'no address was used twice')
      await pods.stopAll()
      t.comment(`${((performance.now() - began) / 1000).toFixed(1)} s`)
    })
  }

  await scenario('F42: rumours get through to nobody', async t => {
    await lose('rumours')
    const since = cluster.nodes.map(node => node.log().length)
    await pods.spread(cluster.nodes, size)
    t.equal(pods.live.length, size, 'every address is found all the same')
    const heard = cluster.nodes.map((node, i) => node.log().slice(since[i]))
    t.notMatch(heard.join(''), /heard a rumour/)
    await lose('')
  })

  await scenario('F8: a request arrives again when it has been granted', async t => {
    const donors = [n1, n3]
    for (const node of donors) node.freeze()
    const since = n2.log().length
    // More than it can have.
    const waiting = Array.from({ length: size }, () => pods.add(n2))
    const isRepeated = () => /said Ask \d+ again/.test(n2.log().slice(since))
    await eventually('it asks again with the same number', isRepeated)
    for (const node of donors) node.thaw()
    const started = await Promise.all(waiting)
    t.equal(started.filter(one => 'pod' in one).length, size, 'all pods get their addresses')
    t.match(donors.map(node => node.log()).join(''), /heard Ask \d+ again/)
    for (const node of donors) {
      const { body } = await askAdmin(node, '/v1/events?type=LeaseGranted')
      const { events } = body as { events: { to: { node: string }; request: number }[] }
      const requests = events.filter(({ to, request }) => to.node === 'n2' && request > 0)
      t.equal(
        new Set(requests.map(({ request }) => request)).size,
        requests.length,
        `${node.name} has granted none of ${requests.length} twice`
      )
    }
  })

  await scenario('F7: a grant arrives again when its addresses have moved on', async t => {
    // All is at n2 now, and n1 gets some of it back without ever saying so.
    await lose('Taken', [n1])
    const had = await held(n1)
    const some = await Promise.all(Array.from({ length: had + 1 }, () => pods.start(n1)))
    const open = () => cluster.knowledge(n2)?.openGrants ?? 0
    await eventually('a grant of n2 stays open', () => open() > 0)
    n2.freeze()
    await pods.stopAll(some)
    const fits = (await held(n1)) + (await held(n3))
    for (let i = 0; i < fits; i += 1) await pods.start(n3)
    t.equal(await held(n1), 0, 'all that n1 had is in use at n3')
    const since = n1.log().length
    n2.thaw()
    const isAgain = () => /heard Grant \d+ again/.test(n1.log().slice(since))
    await eventually('the grant comes again', isAgain)
    await lose('', [n1])
    await eventually('it is closed', () => open() === 0)
    const used = pods.on(n3).map(({ address }) => address)
    t.ok(await ownsAll(n3, used), 'and nothing has come back from there')
  })

  await scenario('F43: rumours pass and streams do not', async t => {
    await cluster.agree()
    // What n2 is to ask for in the end: all may be with it by now.
    const elsewhere = await pods.start(n1)
    await cluster.agree()
    await lose('streams')
    const before = cluster.nodes.map(node => cluster.knowledge(node)?.custody)
    const own = await held(n2)
    let refused: object | undefined
    for (let i = 0; i <= Math.min(own, size) && refused === undefined; i += 1) {
      const started = await pods.add(n2, impatient)
      if ('refused' in started) refused = started.refused
    }
    t.match(refused, { code: /^(11|116)$/ }, 'what it has it hands out, and no more')
    t.not(pods.on(n2).length, 0, 'some pods got addresses')
    const isHeard = () => /without streams[^]*heard a rumour/.test(n1.log())
    await eventually('of n2 it is heard that it has nothing left', isHeard)
    const after = cluster.nodes.map(node => cluster.knowledge(node)?.custody)
    t.same(after, before, 'custody stays where it is')
    await lose('')
    await pods.stop(elsewhere)
    await eventually('it heals', async () => 'pod' in (await pods.add(n2)))
  })

  await scenario('F38: a range is given up while pods use some of it', async t => {
    const [first, second] = [await pods.start(n1), await pods.start(n2)]
    const order = async (path: string) => {
      const { status } = await askAdmin(n3, path, { range: '10.9.0.0-10.9.0.255' })
      t.equal(status, 200, path)
    }
    const gone = (count: number) =>
      eventually(`${count} are gone`, () =>
        cluster.nodes.every(node => cluster.knowledge(node)?.owned.get(retired) === count)
      )
    await order('/v1/drain-range')
    await gone(254)
    for (const node of cluster.nodes) {
      const { refused } = (await pods.add(node, impatient)) as { refused?: object }
      t.match(refused, { code: Number }, `nothing is used anew at ${node.name}`)
    }
    await pods.stop(first)
    await gone(255)
    const before = cluster.knowledge(n1)?.records ?? 0
    await order('/v1/keep-range')
    await cluster.agree(cluster.nodes, undefined, ({ records }) => records > before)
    await pods.stop(second)
    // It goes from one to the other of those who asked for one a moment ago.
    const last = await eventually('it is free again', async () => {
      const started = await pods.add(n2, impatient)
      return 'pod' in started && started.pod
    })
    t.equal(last.address, second.address, 'what was not gone by then is used again')
  })
}
