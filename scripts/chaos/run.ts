// One run: nodes, load, faults and a judge; then the faults stop, all agree, the pool is filled to its last
// address and emptied, and what is left over is counted.

import { setTimeout as sleep } from 'node:timers/promises'
import { askAdmin } from '../../test/support/cluster-admin.ts'
import { Cluster } from '../../test/support/cluster.ts'
import type { ClusterNode } from '../../test/support/cluster-node.ts'
import type { Pool } from '../../test/support/ipam.ts'
import { Faults } from './faults.ts'
import { History } from './history.ts'
import { Load } from './load.ts'
import { type Report, reportOf } from './report.ts'
import { makeSandboxes, type Sandbox } from './sandbox.ts'

export interface ChaosOptions {
  readonly seconds: number
  readonly nodes: number
  readonly seed: number
  /** No daemon is killed or frozen: what cuts cost is then not hidden by what starting daemons cost. */
  readonly networkOnly?: boolean
}

export interface ChaosRun {
  readonly history: History
  readonly report: Report
}

/** As many sandboxes as addresses: when each has a pod, the pool is full. */
const sandboxesPerNode = 30
const lookEveryMs = 200
const askFreeEveryMs = 500
/** Without faults, to know what an ADD takes here. */
const calmShare = 0.2
const agreeMs = 90_000
const fillMs = 90_000

export async function runChaos(options: ChaosOptions): Promise<ChaosRun> {
  const { seconds, nodes, seed, networkOnly = false } = options
  const size = nodes * sandboxesPerNode
  const ips = [`10.9.0.1-10.9.${size >> 8}.${size & 255}`]
  const pool: Pool = { name: 'blue', subnet: '10.9.0.0/22', ips }
  // A sandbox gives its address up before the DEL: nothing that is released can still be in use.
  const config = { cooldown: { seconds: 0 }, reconcile: { everySeconds: 3600 } }
  await using cluster = await Cluster.start({ nodes, pools: [pool], config })
  const history = new History()
  const loads: Load[] = []
  const all: Sandbox[] = []
  for (const node of cluster.nodes) {
    const sandboxes = await makeSandboxes(cluster.lan, node.number, sandboxesPerNode)
    all.push(...sandboxes)
    const chance = chanceOf(seed * 1_000 + node.number)
    loads.push(new Load({ cluster, node, sandboxes, history, chance }))
  }
  const [over, ended] = [new AbortController(), new AbortController()]
  const watching = [
    judge(all, history, ended.signal),
    ...cluster.nodes.map(async node => askFree(node, history, ended.signal))
  ]
  const loading = Promise.all(loads.map(async load => load.run(over.signal)))
  await sleep(seconds * 1_000 * calmShare)
  const faults = AbortSignal.timeout(seconds * 1_000 * (1 - calmShare))
  await new Faults(cluster, history, chanceOf(seed)).run(faults, networkOnly)
  over.abort()
  await loading
  await cluster.agree(cluster.nodes, agreeMs)
  await Promise.all(loads.map(async load => load.fill(fillMs)))
  const filled = new Set(all.flatMap(({ address }) => address ?? [])).size
  look(all, history)
  await Promise.all(loads.map(async load => load.empty()))
  const { contests } = await cluster.agree(cluster.nodes, agreeMs)
  const leaks = cluster.nodes
    .map(node => cluster.knowledge(node)?.used.length ?? 0)
    .reduce((sum, used) => sum + used, 0)
  ended.abort()
  await Promise.all(watching)
  return { history, report: reportOf(history, { filled, size, leaks, contests }) }
}

async function judge(all: readonly Sandbox[], history: History, until: AbortSignal) {
  while (!until.aborted) {
    look(all, history)
    await sleep(lookEveryMs)
  }
}

/** Into every sandbox, in one go. */
function look(all: readonly Sandbox[], history: History): void {
  const seen = new Map<string, string>()
  history.looks += 1
  for (const { name, address } of all) {
    if (address === undefined) continue
    const other = seen.get(address)
    if (other !== undefined) history.doubles.push(`${address}: ${other} and ${name}`)
    seen.set(address, name)
  }
}

/** What nodes say of themselves is only used to tell which of them had something to give. */
async function askFree(node: ClusterNode, history: History, until: AbortSignal) {
  while (!until.aborted) {
    const answer = await askAdmin(node, '/v1/pools').catch(() => undefined)
    const { pools: [pool] = [] } = (answer?.body ?? {}) as { pools?: { free: number }[] }
    if (pool !== undefined) history.noteFree(node.number, pool.free)
    await sleep(askFreeEveryMs)
  }
}

/** mulberry32: small, and the same everywhere. */
function chanceOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
