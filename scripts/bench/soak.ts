// Does anything grow that should not? A million pods come and go on one daemon.

import { statSync } from 'node:fs'
import { breathe } from './command.ts'
import { nextContainerId } from './container-ids.ts'
import { Crowd } from './crowd.ts'
import { figure } from './figures.ts'
import type { Group } from './group.ts'
import { netconf, residentMb, startNode, storeFiles, widePool } from './node-daemon.ts'
import { median } from './statistics.ts'

const connections = 16
const samples = 100
const growthMax = 1.1

/** So that released addresses leave their cool-down within the first percents already. */
const cooldown = { seconds: 5, scarceSeconds: 5 }

type Series = { readonly name: string; readonly unit: string; readonly values: number[] }

export const soak: Group = async run => {
  const { pairs } = run
  run.note(`soak: ${pairs} pairs, cool-down of ${cooldown.seconds} s instead of the default`)
  await using daemon = await startNode(run.stage, { config: { cooldown } })
  const { database, wal } = storeFiles(daemon)
  const resident: Series = { name: 'resident memory', unit: 'MB', values: [] }
  const stored: Series = { name: 'database', unit: 'MB', values: [] }
  const logged: Series = { name: 'write-ahead log', unit: 'MB', values: [] }
  const all = [resident, stored, logged]
  using crowd = new Crowd(daemon, connections, run.stage.netns, netconf(daemon, widePool))
  const started = process.hrtime.bigint()
  for (let sample = 1; sample <= samples; sample++) {
    pair(
      crowd,
      Math.round((pairs * sample) / samples) - Math.round((pairs * (sample - 1)) / samples)
    )
    resident.values.push(residentMb(daemon))
    stored.values.push(statSync(database).size / 2 ** 20)
    logged.values.push(statSync(wal).size / 2 ** 20)
    if (sample % 10 === 0) console.log(`${sample} %: ${all.map(lastOf).join(', ')}`)
    await breathe()
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  return [
    figure('pairs of ADD and DEL', pairs, ''),
    figure('durable pairs', pairs / seconds, '1/s'),
    ...all.flatMap(({ name, unit, values }) => {
      const second = median(values.slice(samples / 10, samples / 5))
      const last = median(values.slice(-samples / 10))
      return [
        figure(`${name}, second tenth`, second, unit),
        figure(`${name}, last tenth`, last, unit),
        figure(`${name}, last / second tenth`, last / second, 'ratio', { atMost: growthMax })
      ]
    })
  ]
}

/** So many ADDs, each with its DEL on the same connection. */
function pair(crowd: Crowd, count: number): void {
  const attached = new Map<number, string>()
  let left = count
  crowd.run(connection => {
    const known = attached.get(connection)
    if (known !== undefined) {
      attached.delete(connection)
      return { verb: 'DEL', containerId: known }
    }
    left -= 1
    if (left < 0) return undefined
    const containerId = nextContainerId()
    attached.set(connection, containerId)
    return { verb: 'ADD', containerId }
  })
}

function lastOf({ name, unit, values }: Series): string {
  return `${name} ${(values.at(-1) ?? 0).toFixed(1)} ${unit}`
}
