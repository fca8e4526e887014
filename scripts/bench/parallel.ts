// A node that starts all its pods at once: a thousand ADDs, sixteen at a time.

import { addMany, type Arena, hostLocal, orbweaver, timePair } from './contestants.ts'
import { figure } from './figures.ts'
import type { Group } from './group.ts'
import { hostLocalState, takenMany } from './host-local-state.ts'
import { startNode, takeAddresses, widePool } from './node-daemon.ts'
import { OutputPipe } from './output-pipe.ts'
import { median } from './statistics.ts'

const burst = { count: 1_000, atOnce: 16 }

/** They slow down with each address that is taken, so fewer ADDs are in their favour. */
const theirSecondsQuick = 4

/** What the daemon gets to compile its code, since a node's daemon has lived for a while. */
const warmUps = 300

/** A burst of ours is over within a second, so that one of them says little on a machine with others. */
const ourBursts = { quick: 1, full: 3 }

export const parallel: Group = async run => {
  using output = new OutputPipe()
  const arena = { stage: run.stage, output }
  const theirs = run.quick ? { ...burst, secondsMax: theirSecondsQuick } : burst
  if (run.quick) run.note(`--quick: host-local gets ADDs in parallel for ${theirSecondsQuick} s`)
  const bursts = run.quick ? ourBursts.quick : ourBursts.full
  const figures = []
  for (const { taken, faster } of [
    { taken: 0, faster: 10 },
    { taken: takenMany, faster: 50 }
  ]) {
    const hostLocalDir = await hostLocalState(run, arena, taken)
    const ourRates = []
    for (let i = 0; i < bursts; i++) ourRates.push(await ourBurst(arena, taken))
    const ourRate = median(ourRates)
    const theirRate = addMany(hostLocal(arena, hostLocalDir), theirs, output)
    const how = `${burst.atOnce} in parallel, ${taken} taken`
    figures.push(
      figure(`orbweaver ADDs at ${how}`, ourRate, '1/s'),
      figure(`host-local ADDs at ${how}`, theirRate, '1/s'),
      figure(`orbweaver / host-local at ${how}`, ourRate / theirRate, 'times', { atLeast: faster })
    )
  }
  return figures
}

/** On a daemon of its own, since the addresses stay taken; ADDs a second. */
async function ourBurst(arena: Arena, taken: number): Promise<number> {
  const { stage, output } = arena
  await using daemon = await startNode(stage)
  const ours = orbweaver(arena, daemon, widePool)
  for (let i = 0; i < warmUps; i++) timePair(ours, output)
  takeAddresses(stage, daemon, taken)
  return addMany(ours, burst, output)
}
