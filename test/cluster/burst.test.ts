// A thousand pods on ten nodes for exactly a thousand addresses, all of which begin at one node: every pod
// starts, wherever it was put, and hardly later than if one node had them all.

import '../support/own-host.ts'

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { nextContainerId } from '../../scripts/bench/container-ids.ts'
import { median, percentile } from '../../scripts/bench/statistics.ts'
import { type BurstOutcome, type Queue, queueOf, runBurst } from '../support/cluster-burst.ts'
import { Cluster } from '../support/cluster.ts'
import { eventually } from '../support/command.ts'
import { type Pool, plugin } from '../support/ipam.ts'
import { Netns } from '../support/netns.ts'
import { requirePrograms, requireRoot } from '../support/privilege.ts'

const nodes = 10
const pods = 1_000
const pool: Pool = { name: 'blue', subnet: '10.9.0.0/22', ips: ['10.9.0.1-10.9.3.232'] }
/** How many sandboxes of one node a runtime sets up at a time. */
const atOnce = 12
/** What being ten nodes may cost, beside what the executions cost in any case. */
const extraMsMax = 3_000
/** 1000 in all. */
const skewed = [190, 10, 150, 50, 100, 100, 170, 30, 120, 80]
/** Nothing waits for cool-downs; the sandboxes of this suite have no links that could still be there. */
const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }

const what = 'ten nodes that start a thousand pods'
if (requireRoot(t, what) && requirePrograms(t, what, ['ip', 'nsenter', 'nft', plugin])) {
  await suite()
}

async function suite(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'burst-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const sandbox = await Netns.make()
  const netns = sandbox.path
  const add = (queues: readonly Queue[]) => runBurst({ verb: 'ADD', queues, atOnce, netns })
  const remove = (queues: readonly Queue[]) => runBurst({ verb: 'DEL', queues, atOnce, netns })
  const queues = (cluster: Cluster, counts: readonly number[]) =>
    counts.map((count, i) => {
      const node = cluster.nodes[i % cluster.nodes.length] ?? cluster.node(1)
      return queueOf(`${node.name}-${i}`, dir, cluster.netconf(node), count)
    })
  const even = Array.from({ length: nodes }, () => pods / nodes)

  /** Nobody knows these pods; a daemon that has lived for a while has compiled its code. */
  const warmUp = (cluster: Cluster) => remove(queues(cluster, even))

  /** The pool is full: the next pod hears so, and has the first address that anybody gives up anywhere. */
  async function oneMore(t: Test, [first, second]: readonly Queue[]): Promise<void> {
    if (first === undefined || second === undefined) throw new Error('two nodes are needed')
    const next = { ...first, ids: [nextContainerId()] }
    const [refused = 'nothing'] = add([next]).failures
    t.match(
      refused,
      /"code":110,.*blue.*1000 of 1000 used/,
      'one more is refused, with the numbers'
    )
    remove([{ ...second, ids: second.ids.slice(0, 1) }])
    // It tries again, as runtimes do: who was asked in vain passes on what becomes free.
    const isServed = () => add([next]).addresses.length === 1
    t.ok(await eventually('a pod ended on another node', isServed), 'then it is served')
    remove([next])
  }

  let aloneMs = 0
  await t.test('one node has them all', async t => {
    await using alone = await Cluster.start({ nodes: 1, pools: [pool], config })
    warmUp(alone)
    const outcome = add(queues(alone, even))
    judge(t, outcome)
    aloneMs = outcome.ms
    t.comment(shown('alone', outcome))
  })

  await t.test('ten nodes share them, all of which begin at one', async t => {
    await using cluster = await Cluster.start({ nodes, pools: [pool], config })
    const first = cluster.knowledge(cluster.node(1))?.owned.get(1) ?? 0
    t.ok(first >= pods / 2, `one node has most, the others what they keep in stock: ${first}`)
    warmUp(cluster)
    const extras: number[] = []
    for (const [name, counts] of [
      ['100 each', even],
      ['10 to 190 each', skewed],
      ['100 each again', even]
    ] as const) {
      await t.test(name, async t => {
        const all = queues(cluster, counts)
        const outcome = add(all)
        t.comment(shown(name, outcome))
        judge(t, outcome)
        extras.push(outcome.ms - aloneMs)
        await oneMore(t, all)
        const known = await cluster.agree()
        t.equal(known.contests, 0, 'nothing is contested')
        const gone = remove(all)
        t.same(gone.failures, [], 'every pod goes')
        t.comment(shown(`${name}, DEL`, gone))
        const left = cluster.nodes.flatMap(node => cluster.knowledge(node)?.used ?? ['unknown'])
        t.same(left, [], 'nothing is left')
      })
    }
    const extra = extras.map(ms => ms.toFixed(0)).join(', ')
    t.ok(
      median(extras) <= extraMsMax,
      `${extra} ms more than alone, at most ${extraMsMax} as a rule`
    )
  })
  await sandbox.remove()
}

/** By what the plugins printed alone: everybody has an address, no two the same, and it is the whole pool. */
function judge(t: Test, { addresses, failures }: BurstOutcome): void {
  t.same(failures, [], 'every ADD succeeds')
  t.equal(addresses.length, pods, 'every pod has an address')
  const expected = new Set(Array.from({ length: pods }, (_, i) => i + 1).map(textOf))
  t.equal(new Set(addresses).size, addresses.length, 'no two have the same')
  t.same(
    addresses.filter(address => !expected.has(address)),
    [],
    'and all of them are of the pool'
  )
}

function textOf(host: number): string {
  return `10.9.${host >> 8}.${host & 255}`
}

function shown(name: string, { ms, times }: BurstOutcome): string {
  const all = [...times.values()].flat()
  const [p50, p99, most] = [0.5, 0.99, 1].map(at => percentile(all, at).toFixed(0))
  return `${name}: ${all.length} in ${ms.toFixed(0)} ms; p50 ${p50}, p99 ${p99}, most ${most} ms`
}
