// How long a runtime waits for one plugin, from before exec to after exit, and what others take for it.

import { breathe, type Command } from './command.ts'
import {
  type Arena,
  type Contestant,
  emptyBinary,
  hostLocal,
  nodeScript,
  orbweaver,
  timeAnswer,
  timePair
} from './contestants.ts'
import { type Figure, figure } from './figures.ts'
import type { Group, Run } from './group.ts'
import { hostLocalState, takenMany } from './host-local-state.ts'
import { startNode, takeAddresses, widePool } from './node-daemon.ts'
import { OutputPipe } from './output-pipe.ts'
import { median, percentile, shuffled } from './statistics.ts'

/** Against the empty binary: what we would like, below the bar that has to hold. */
const emptyGoal = 4

/** ADDs that are not counted: the daemon compiles its code while it runs. */
const warmUps = 300

/**
 * So many times everybody runs before it is the next one's turn: pods come in bursts. The first of a turn
 * finds caches that others have filled, and is told apart as well.
 */
const inARow = 5

/** Slower by two orders of magnitude: a median needs no more. */
const nodeScriptEvery = 5

/** Microseconds from exec to exit. */
class Times {
  readonly all: number[] = []
  readonly firsts: number[] = []

  takeTurn(once: () => number): void {
    for (let i = 0; i < inARow; i++) {
      const us = once()
      this.all.push(us)
      if (i === 0) this.firsts.push(us)
    }
  }
}

interface Contest {
  readonly orbweaver: Contestant
  readonly hostLocal: Contestant
  readonly empty: Command
  readonly script: Command
}

interface Outcome {
  readonly orbweaver: Times
  readonly orbweaverDel: number[]
  readonly hostLocal: Times
  readonly empty: Times
  readonly script: number[]
}

/** How long everybody goes on: so many rounds, or until the time is over. */
interface Length {
  readonly rounds: number
  readonly secondsMax?: number
}

const quick: Length = { rounds: 60, secondsMax: 5 }

interface Bars {
  readonly hostLocal: number
  readonly empty?: number
}

export const exec: Group = async run => {
  using output = new OutputPipe()
  const arena = { stage: run.stage, output }
  const [few, many] = run.quick ? [quick, quick] : [{ rounds: 400 }, { rounds: 40 }]
  return [
    ...(await contest(run, arena, 0, few, { hostLocal: 1 / 3, empty: 6 })),
    ...(await contest(run, arena, takenMany, many, { hostLocal: 1 / 20 }))
  ]
}

async function contest(
  run: Run,
  arena: Arena,
  taken: number,
  length: Length,
  bars: Bars
): Promise<Figure[]> {
  const hostLocalDir = await hostLocalState(run, arena, taken)
  await using daemon = await startNode(run.stage)
  const contestants: Contest = {
    orbweaver: orbweaver(arena, daemon, widePool),
    hostLocal: hostLocal(arena, hostLocalDir),
    empty: emptyBinary(arena),
    script: nodeScript(arena)
  }
  takeAddresses(run.stage, daemon, taken)
  for (let i = 0; i < warmUps; i++) timePair(contestants.orbweaver, arena.output)
  const outcome = await measure(contestants, length, arena.output)
  return figuresOf(outcome, `${taken} taken`, bars)
}

/** In each round it is everybody's turn once, in another order, so that nobody always follows the same one. */
async function measure(
  { orbweaver, hostLocal, empty, script }: Contest,
  { rounds, secondsMax = Infinity }: Length,
  output: OutputPipe
): Promise<Outcome> {
  const end = performance.now() + secondsMax * 1_000
  const outcome: Outcome = {
    orbweaver: new Times(),
    orbweaverDel: [],
    hostLocal: new Times(),
    empty: new Times(),
    script: []
  }
  const timeOurs = () => {
    const { addUs, delUs } = timePair(orbweaver, output)
    outcome.orbweaverDel.push(delUs)
    return addUs
  }
  const turns = [
    () => outcome.orbweaver.takeTurn(timeOurs),
    () => outcome.hostLocal.takeTurn(() => timePair(hostLocal, output).addUs),
    () => outcome.empty.takeTurn(() => empty.time())
  ]
  const withScript = [...turns, () => outcome.script.push(timeAnswer(script, output))]
  for (let round = 0; round < rounds && performance.now() < end; round++) {
    const all = round % nodeScriptEvery === 0 ? withScript : turns
    for (const turn of shuffled(all)) turn()
    await breathe()
  }
  return outcome
}

function figuresOf(outcome: Outcome, at: string, bars: Bars): Figure[] {
  const { orbweaver, orbweaverDel, hostLocal, empty, script } = outcome
  const both = (name: string, values: readonly number[]) => [
    figure(`${name} p50, ${at}`, median(values), 'µs'),
    figure(`${name} p99, ${at}`, percentile(values, 0.99), 'µs')
  ]
  const times = (name: string, { all, firsts }: Times) => [
    ...both(name, all),
    figure(`${name} p50 after others ran, ${at}`, median(firsts), 'µs')
  ]
  const toHostLocal = median(orbweaver.all) / median(hostLocal.all)
  const firstToHostLocal = median(orbweaver.firsts) / median(hostLocal.firsts)
  const toEmpty = median(orbweaver.all) / median(empty.all)
  const emptyBar = bars.empty === undefined ? undefined : { atMost: bars.empty }
  return [
    ...times('orbweaver ADD', orbweaver),
    ...both('orbweaver DEL', orbweaverDel),
    ...times('host-local ADD', hostLocal),
    ...times('empty static binary', empty),
    ...both('node script', script),
    figure(`orbweaver / host-local p50, ${at}`, toHostLocal, 'ratio', { atMost: bars.hostLocal }),
    figure(`orbweaver / host-local p50 after others ran, ${at}`, firstToHostLocal, 'ratio'),
    figure(`orbweaver / empty p50, ${at}`, toEmpty, 'ratio', emptyBar),
    ...(emptyBar === undefined
      ? []
      : [figure(`orbweaver / empty p50, ${at}: the goal`, toEmpty, 'ratio', { atMost: emptyGoal })])
  ]
}
