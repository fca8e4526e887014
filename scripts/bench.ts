// Measure what the project promises: `npm run bench`. The figures go to a table and to bench/latest.json.

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildWhenStale } from './bench/build.ts'
import { coordinator } from './bench/coordinator.ts'
import { exec } from './bench/exec.ts'
import { printTable, type RecordedFigure, writeFigures } from './bench/figures.ts'
import { memory, ready } from './bench/footprint.ts'
import type { Group, Run } from './bench/group.ts'
import { describeMachine } from './bench/machine.ts'
import { parallel } from './bench/parallel.ts'
import { selection } from './bench/selection.ts'
import { soak } from './bench/soak.ts'
import { grants } from './bench/mesh/grants.ts'
import { healing } from './bench/mesh/healing.ts'
import { memberships } from './bench/mesh/members.ts'
import { traffic } from './bench/mesh/traffic.ts'
import { makeStage } from './bench/stage.ts'
import { throughput } from './bench/throughput.ts'
import { watched } from './bench/watched.ts'
import { width } from './bench/width.ts'
import { setup } from './setup.ts'

const groups: Readonly<Record<string, Group>> = {
  exec,
  parallel,
  daemon: throughput,
  memory,
  ready,
  width,
  selection,
  coordinator,
  watched,
  grants,
  members: memberships,
  traffic,
  healing,
  soak
}

/** Where the peers come from, and the compiler of the plugin that is shipped: another one's starts slower. */
const contestantsFrom = ['iproute2', 'containernetworking-plugins', 'musl-tools'] as const

/** It takes long, so it runs only when it is asked for. */
const onlyWhenNamed = new Set(['soak'])

const pairsDefault = 1_000_000

/** One percent of them is what the soak looks after each time. */
const pairsMin = 1_000

const usage = `npm run bench -- [--quick] [--only NAME]... [--pairs N] [--strict]

  --quick       fewer samples and small clusters: ends within two minutes
  --only NAME   one group: ${Object.keys(groups).join(', ')} (${[...onlyWhenNamed].join(', ')}: only so)
  --pairs N     how many pairs of ADD and DEL the soak has (default ${pairsDefault})
  --strict      exit with 1 when a bar does not hold
`

class UsageError extends Error {}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      pairs: { type: 'string' },
      strict: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const names =
    values.only.length > 0
      ? values.only
      : Object.keys(groups).filter(name => !onlyWhenNamed.has(name))
  for (const name of names) {
    if (groups[name] === undefined) {
      throw new UsageError(`no group ${name}; there are ${Object.keys(groups).join(', ')}`)
    }
  }
  if (values.pairs !== undefined && !names.includes('soak')) {
    throw new UsageError('--pairs goes with --only soak')
  }
  const pairs = Number(values.pairs ?? pairsDefault)
  if (!Number.isSafeInteger(pairs) || pairs < pairsMin) {
    throw new UsageError(`--pairs must be a whole number from ${pairsMin}, not ${values.pairs}`)
  }
  return { ...values, names, pairs }
}

async function bench(options: ReturnType<typeof readOptions>): Promise<number> {
  const { quick, pairs, names } = options
  await setup({ packages: contestantsFrom })
  buildWhenStale()
  const stage = await makeStage()
  const machine = describeMachine(stage.directory('disk'))
  console.log(
    `${machine.cores} × ${machine.processor}, Linux ${machine.kernel}, Node ${machine.node}, ` +
      `fdatasync ${machine.fdatasyncUs} µs, load ${machine.load}\n`
  )
  const notes: string[] = []
  const note = (text: string) => void notes.push(text)
  const run: Run = { stage, quick, pairs, note }
  const figures: RecordedFigure[] = []
  for (const name of names) {
    const started = Date.now()
    const date = new Date().toISOString()
    const found = (await groups[name]?.(run)) ?? []
    console.log(`${name}: ${((Date.now() - started) / 1_000).toFixed(1)} s`)
    figures.push(...found.map(one => ({ ...one, group: name, date, quick })))
  }
  console.log('')
  printTable(figures)
  for (const text of notes) console.log(text)
  writeFigures(join(import.meta.dirname, '../bench/latest.json'), machine, figures)
  const missed = figures.filter(({ holds }) => holds === false)
  if (missed.length > 0) console.log(`\n${missed.length} of the bars do not hold`)
  return options.strict && missed.length > 0 ? 1 : 0
}

async function main(args: string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions(args)
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n\n${usage}`)
    return 2
  }
  if (!options.help) return bench(options)
  console.log(usage)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
