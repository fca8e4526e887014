// How many durable ADDs a second the daemon can take, without the cost of executing anything.

import { breathe } from './command.ts'
import { nextContainerId } from './container-ids.ts'
import { Crowd } from './crowd.ts'
import { figure } from './figures.ts'
import type { Group } from './group.ts'
import { netconf, startNode, widePool } from './node-daemon.ts'
import { median } from './statistics.ts'

const clientCounts = [1, 16, 64] as const
const perSecondMin = 10_000

const warmUpClients = 64
const warmUpSeconds = 1
const roundSeconds = 0.5

export const throughput: Group = async run => {
  await using daemon = await startNode(run.stage)
  const conf = netconf(daemon, widePool)
  const rates = new Map<number, number[]>(clientCounts.map(count => [count, []]))
  const rounds = run.quick ? 3 : 15
  const measure = (count: number, seconds: number) => {
    using crowd = new Crowd(daemon, count, run.stage.netns, conf)
    return addFor(crowd, seconds)
  }
  measure(warmUpClients, warmUpSeconds)
  for (let round = 0; round < rounds; round++) {
    for (const count of clientCounts) {
      rates.get(count)?.push(measure(count, roundSeconds))
      await breathe()
    }
  }
  return clientCounts.map(count =>
    figure(
      `durable ADDs inside the daemon, ${count} kept connections`,
      median(rates.get(count) ?? []),
      '1/s',
      count === 64 ? { atLeast: perSecondMin } : undefined
    )
  )
}

/** ADDs a second. */
function addFor(crowd: Crowd, seconds: number): number {
  const start = process.hrtime.bigint()
  const end = start + BigInt(Math.round(seconds * 1e9))
  let count = 0
  crowd.run(() => {
    if (process.hrtime.bigint() >= end) return undefined
    count += 1
    return { verb: 'ADD', containerId: nextContainerId() }
  })
  return count / (Number(process.hrtime.bigint() - start) / 1e9)
}
