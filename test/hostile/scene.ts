// Two honest nodes with a pod each and a foe among them, and what must be so after whatever the foe did.

import type { Test } from 'tap'
import { formatAddress } from '../../src/core/address.ts'
import type { Run } from '../../src/core/lease/register.ts'
import { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import { until } from '../mesh/nodes.ts'
import { Foe } from './foe.ts'
import { HonestNode, type NodeOptions } from './honest-node.ts'

/** All of the nodes and the foe in one process, with full mailboxes and buffers on the way; not a list without end. */
const heapGrowthMax = 256 * 1024 * 1024

export class Scene {
  readonly registry = new MemoryRegistry()
  readonly target: HonestNode
  readonly third: HonestNode
  readonly foe: Foe
  readonly #heap = process.memoryUsage().heapUsed
  readonly #heldBefore: ReadonlySet<bigint>
  #pods = 0

  private constructor(
    registry: MemoryRegistry,
    target: HonestNode,
    third: HonestNode,
    foe: Foe,
    held: ReadonlySet<bigint>
  ) {
    this.registry = registry
    this.target = target
    this.third = third
    this.foe = foe
    this.#heldBefore = held
  }

  static async open(
    t: Test,
    { member = true, target: more = {} }: { member?: boolean; target?: Partial<NodeOptions> } = {}
  ): Promise<Scene> {
    const registry = new MemoryRegistry()
    const target = await HonestNode.start(t, { name: 'target', registry, founds: true, ...more })
    const peers = [target.address]
    await until(t, () => registry.view.domains.size > 0, 'the cluster has a domain')
    const third = await HonestNode.start(t, { name: 'third', registry, peers })
    await until(t, () => registry.view.members.size === 2, 'two members')
    t.type(await target.add('before'), 'bigint')
    t.type(await third.add('before'), 'bigint')
    const foe = await Foe.start(t, registry, [target, third], member)
    if (member) {
      for (const node of [target, third]) await foe.befriend(t, node)
      await until(
        t,
        () => [target, third].every(node => node.learned === registry.view.index),
        'all know who the members are'
      )
    }
    const held = new Set(target.held(1).flatMap(run => [...addressesOf(run)]))
    return new Scene(registry, target, third, foe, held)
  }

  /** A run of the target's that no pod has, as the target knows it. */
  get free(): Run {
    const used = new Set<bigint>(this.target.used)
    const run = this.target.held(1).find(({ start, end }) => end - start > 1n || !used.has(start))
    if (run === undefined) throw new Error('the target has nothing that is free')
    const start = [...addressesOf(run)].findLast(address => !used.has(address)) ?? run.start
    return { start: start as Run['start'], end: start + 1n, register: run.register }
  }

  /** The address of the target's first pod, with its register. */
  get live(): Run {
    const [start] = this.target.used
    const register = start === undefined ? undefined : this.target.registerOf(start)
    if (start === undefined || register === undefined) throw new Error('the target has no pod')
    return { start, end: start + 1n, register }
  }

  /** Nobody crashed or ended, both serve, and what the target had is with it still, or given away by itself. */
  async unharmed(t: Test): Promise<void> {
    const { target, third } = this
    this.#pods += 1
    const id = `after-${this.#pods}`
    for (const node of [target, third]) {
      t.type(await node.add(id), 'bigint', `${node.name} answers ADD`)
      t.equal(await node.del('before'), this.#pods === 1 ? 1 : 0, `${node.name} answers DEL`)
      t.equal(node.ended, undefined, `${node.name} goes on`)
      t.equal(node.givenUp, undefined)
      t.notOk(node.said(/crashed/), `nothing of ${node.name} crashed`)
      const isIdle = () => node.house.actors.vitals().every(({ waiting }) => waiting < 100)
      // What a flood left in buffers comes at the pace that one peer is allowed.
      await until(t, isIdle, 'no mailbox stays full')
    }
    const used = [...target.used, ...third.used]
    t.equal(new Set(used).size, used.length, 'no address has two pods')
    for (const address of this.#heldBefore) {
      const register = target.registerOf(address as Run['start'])
      const isOwn = register?.owner === 1 || register?.writer === 1
      if (!isOwn) t.fail(`the target lost ${formatAddress(address as Run['start'])}`)
    }
    for (const address of third.used) {
      const register = target.registerOf(address)
      t.not(register?.owner, 1, 'what the third uses is not the target’s')
    }
    globalThis.gc?.()
    const growth = process.memoryUsage().heapUsed - this.#heap
    t.ok(growth < heapGrowthMax, `${Math.round(growth / 1024)} KiB more than before`)
  }
}

export function* addressesOf({ start, end }: Run): Generator<bigint> {
  // What lies outside the pool is one long run; the pool's part is what matters.
  for (let at: bigint = start; at < end && at < start + 256n; at += 1n) yield at
}
