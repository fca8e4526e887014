// One simulated cluster that is cut in two, changes on both sides, and is whole again: how long until all know
// the same. Takes the number of nodes and a seed, prints JSON.

import { MeteredCluster } from './metered-cluster.ts'

export interface Healing {
  /** From the moment at which the cut is gone. */
  readonly seconds: number
  /** How often each node has compared notes on average by then. */
  readonly rounds: number
}

const formMs = 20_000
/** Long enough for both sides to notice and to change hands. */
const cutMs = 30_000
/** How many addresses change hands on each side. */
const transfersPerSide = 20
const stepMs = 250
const secondsMax = 600

const [nodes = 10, seed = 1] = process.argv.slice(2).map(Number)
const cluster = new MeteredCluster(nodes, seed)
const { chance, net, tally } = cluster
await cluster.pass(formMs)
net.divide(node => node % 2)
await cluster.pass(cutMs / 2)
for (let i = 0; i < 2 * transfersPerSide; i += 1) {
  const side = i % 2
  const members = Array.from({ length: Math.ceil(nodes / 2) }, (_, j) => 2 * j + side)
  const [from = 0, to = 0] = chance.shuffled(members.filter(node => node < nodes))
  cluster.transfer(from, to, i)
}
await cluster.pass(cutMs / 2)
if (cluster.isAgreed) throw new Error('the two sides are meant to know different things')
net.divide(() => 0)
tally.clear()
let seconds = 0
while (!cluster.isAgreed && seconds < secondsMax) {
  await cluster.pass(stepMs)
  seconds += stepMs / 1_000
}
if (!cluster.isAgreed) throw new Error(`no agreement within ${secondsMax} s`)
const healing: Healing = { seconds, rounds: tally.of('Digest').count / nodes }
console.log(JSON.stringify(healing))
