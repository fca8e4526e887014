// One simulated cluster, weighed, in a process of its own since a thousand nodes need a heap of some gigabytes.
// Takes what to do as JSON in its argument and prints what came of it as JSON.

import { MeteredCluster } from './metered-cluster.ts'
import type { Said } from './tally.ts'

export interface Phase {
  /** Addresses that change hands, for each node and second. */
  readonly churn: number
  /** Virtual seconds before and while it is weighed. */
  readonly warmSeconds: number
  readonly seconds: number
}

export interface TrafficPlan {
  readonly nodes: number
  /** One after the other. */
  readonly phases: readonly Phase[]
}

export interface Traffic {
  readonly transfers: number
  /** Of each node on average. */
  readonly connections: number
  readonly said: Readonly<Record<string, Said>>
}

/** Until everybody has greeted everybody it is connected to. */
const formMs = 20_000

class Churn {
  readonly #cluster: MeteredCluster
  readonly #nodes: number
  #perMs = 0
  #cancel = () => {}
  transfers = 0

  constructor(cluster: MeteredCluster, nodes: number) {
    this.#cluster = cluster
    this.#nodes = nodes
  }

  set(perNodeAndSecond: number): void {
    this.#cancel()
    this.#perMs = (perNodeAndSecond * this.#nodes) / 1_000
    if (this.#perMs > 0) this.#schedule()
  }

  /** Pods come at any time, whatever others do: the pauses are exponential. */
  #schedule(): void {
    const { agenda, chance } = this.#cluster
    const pauseMs = -Math.log(1 - chance.next()) / this.#perMs
    this.#cancel = agenda.after(pauseMs, () => {
      this.#schedule()
      this.#transfer()
    })
  }

  #transfer(): void {
    const { chance, net } = this.#cluster
    const to = chance.below(this.#nodes)
    this.#cluster.transfer(chance.pick(net.neighboursOf(to)), to, this.transfers)
    this.transfers += 1
  }
}

const { nodes, phases } = JSON.parse(process.argv[2] ?? '') as TrafficPlan
const cluster = new MeteredCluster(nodes)
const churn = new Churn(cluster, nodes)
const connections = (2 * cluster.net.connections) / nodes
const all: Traffic[] = []
await cluster.pass(formMs)
for (const { churn: rate, warmSeconds, seconds } of phases) {
  churn.set(rate)
  await cluster.pass(warmSeconds * 1_000)
  cluster.tally.clear()
  const before = churn.transfers
  await cluster.pass(seconds * 1_000)
  const transfers = churn.transfers - before
  all.push({ transfers, connections, said: cluster.tally.entries() })
}
console.log(JSON.stringify(all))
