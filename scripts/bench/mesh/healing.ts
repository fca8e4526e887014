// How soon all know the same after a cluster was cut in two: simulated, in rounds of comparing and in seconds.

import { type Figure, figure } from '../figures.ts'
import type { Group } from '../group.ts'
import { median } from '../statistics.ts'
import type { Healing } from './heal-run.ts'
import { inProcess } from './in-process.ts'

export const healing: Group = async run => {
  const figures: Figure[] = []
  const runs = run.quick
    ? [[10, 3] as const]
    : ([
        [10, 9],
        [100, 5],
        [1_000, 1]
      ] as const)
  for (const [nodes, seeds] of runs) {
    const all: Healing[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      all.push(await inProcess<Healing>('heal-run', String(nodes), String(seed)))
    }
    const rounds = all.map(one => one.rounds)
    const seconds = all.map(one => one.seconds)
    figures.push(
      figure(`rounds of comparing until all agree after a cut, N = ${nodes}`, median(rounds), ''),
      figure(`time until all agree after a cut, N = ${nodes}`, median(seconds), 's'),
      figure(`time until all agree after a cut, N = ${nodes}, longest`, Math.max(...seconds), 's')
    )
  }
  return figures
}
