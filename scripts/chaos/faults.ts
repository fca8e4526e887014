// What goes wrong, by a seed: daemons are killed, stopped and frozen, and meanwhile nodes cannot hear one
// another. Two of these go on side by side, so that they overlap.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../test/support/cluster.ts'
import type { ClusterNode } from '../../test/support/cluster-node.ts'
import type { FaultKind, History } from './history.ts'

const pauseMs = { least: 500, most: 4_000 }
const downMs = { least: 50, most: 3_000 }
const frozenMs = { least: 1_000, most: 20_000 }
const cutMs = { least: 2_000, most: 10_000 }
const lostPercent = 30

export class Faults {
  readonly #cluster: Cluster
  readonly #history: History
  readonly #chance: () => number

  constructor(cluster: Cluster, history: History, chance: () => number) {
    this.#cluster = cluster
    this.#history = history
    this.#chance = chance
  }

  /** Until it is called off; then everything runs and everybody hears everybody. */
  async run(until: AbortSignal, networkOnly: boolean): Promise<void> {
    await Promise.all([
      networkOnly || this.#repeat(until, async () => this.#process(until)),
      this.#repeat(until, async () => this.#network(until))
    ])
  }

  async #repeat(until: AbortSignal, once: () => Promise<void>): Promise<void> {
    while (!until.aborted) {
      await once()
      await this.#wait(pauseMs, until)
    }
  }

  async #process(until: AbortSignal): Promise<void> {
    const node = this.#pick(this.#cluster.nodes)
    const kind = this.#pick<FaultKind>(['kill', 'kill', 'restart', 'freeze'])
    const fault = this.#history.begin(kind, [node.number])
    if (kind === 'freeze') {
      node.freeze()
      await this.#wait(frozenMs, until)
      node.thaw()
    } else {
      await (kind === 'kill' ? node.kill() : node.stop())
      await this.#wait(downMs, until)
      await node.start()
    }
    fault.to = this.#history.now()
  }

  async #network(until: AbortSignal): Promise<void> {
    const { lan, nodes } = this.#cluster
    const all = nodes.map(({ number }) => number)
    const kind = this.#pick<FaultKind>(['split', 'split', 'one-way', 'lossy'])
    const node = this.#pick<ClusterNode>(nodes).number
    const others = all.filter(other => other !== node)
    const side = all.filter(() => this.#chance() < 0.5)
    const isSplit = side.length > 0 && side.length < all.length
    const sides = isSplit ? [side, all.filter(one => !side.includes(one))] : [[node], others]
    const hit = kind === 'split' ? (sides[0] ?? []) : [node]
    const fault = this.#history.begin(kind, hit)
    if (kind === 'split') await lan.part(sides)
    else if (kind === 'one-way') await lan.deafen(node, others)
    else await lan.lose(node, lostPercent)
    await this.#wait(cutMs, until)
    await lan.heal()
    fault.to = this.#history.now()
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#chance() * items.length)] as Item
  }

  async #wait({ least, most }: { least: number; most: number }, until: AbortSignal) {
    const ms = least + this.#chance() ** 2 * (most - least)
    await sleep(ms, undefined, { signal: until }).catch(() => {})
  }
}
