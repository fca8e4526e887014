// The demo: three nodes that share subnets, pods with real interfaces, a cable that is cut and comes back, and
// an address that moves. All of it happens in namespaces and a directory that are gone afterwards.

import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { Node } from './demo/node.ts'
import { makeDirectory, setStage } from './demo/stage.ts'
import { tell } from './demo/story.ts'
import { say, step } from './demo/telling.ts'
import { catchInterruptions } from './lab/command.ts'
import { lastLogLines } from './lab/node-place.ts'
import { build, prepareNetwork, requireBuilt } from './lab/programs.ts'
import { duration, paint, whileShowing } from './terminal.ts'

const usage = `node scripts/demo.ts [--no-build] [--no-links]

  --no-build   take daemon and plugin as they are
  --no-links   make no network interfaces: addresses only
`

/** Of each daemon. */
const logLinesShown = 6

process.exitCode = await main()

async function main(): Promise<number> {
  const wishes = wishesOf(process.argv.slice(2))
  if (wishes === undefined) return 2
  // First of all, since it may start this program anew.
  const obstacle = wishes.links ? await prepareNetwork() : 'it was started with --no-links'
  catchInterruptions()
  const began = performance.now()
  const undo = new AsyncDisposableStack()
  let nodes: readonly Node[] = []
  let failure: Error | undefined
  let isWhole = false
  try {
    console.log(paint('bold', 'Orbweaver: three nodes, one pool, and a cable that is cut'))
    if (wishes.build) {
      step('Build')
      const buildBegan = performance.now()
      await whileShowing('building daemon and plugin', build())
      say(`Daemon and plugin are built (${duration(performance.now() - buildBegan)}).`)
    }
    requireBuilt()
    const dir = await makeDirectory(undo)
    const stage = await setStage(undo, dir, obstacle)
    isWhole = stage.obstacle === undefined
    const made = stage.nodes.map(place => new Node(place, stage.network))
    nodes = made
    undo.defer(async () => void (await Promise.all(made.map(node => node.stop()))))
    const [n1, n2, n3] = made
    assert(n1 !== undefined && n2 !== undefined && n3 !== undefined)
    await tell({ stage, nodes: [n1, n2, n3], pods: new Map() })
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
  }
  if (failure !== undefined) explain(failure, nodes)
  const isClean = await cleanUp(undo)
  if (failure !== undefined || !isClean) return 1
  conclude(isWhole, performance.now() - began)
  return 0
}

function wishesOf(args: string[]): { build: boolean; links: boolean } | undefined {
  try {
    const options = { 'no-build': { type: 'boolean' }, 'no-links': { type: 'boolean' } } as const
    const { values } = parseArgs({ args, options })
    return { build: values['no-build'] !== true, links: values['no-links'] !== true }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return undefined
  }
}

function explain({ message }: Error, nodes: readonly Node[]): void {
  console.error(`\n${paint('red', 'The demo failed:')} ${message}`)
  for (const { name, place } of nodes) {
    const log = lastLogLines(place, logLinesShown)
    if (log.length > 0) console.error(`\nThe last lines of the daemon of ${name}:`)
    for (const line of log) console.error(`  ${line}`)
  }
}

async function cleanUp(undo: AsyncDisposableStack): Promise<boolean> {
  try {
    await undo.disposeAsync()
    console.log('\nDaemons, namespaces and files of the demo are removed again.')
    return true
  } catch (error) {
    console.error(`\nNot everything of the demo could be removed: ${String(error)}`)
    return false
  }
}

function conclude(isWhole: boolean, ms: number): void {
  const outcome = isWhole
    ? paint('green', 'All of it works.')
    : `${paint('green', 'It works')}, ${paint('yellow', 'with parts left out')}.`
  console.log(`${outcome} That took ${duration(ms)}.

${paint('bold', 'What to try next')}
   README.md       what Orbweaver is for, and how to put it on a cluster
   npm run lab     the same three nodes, left running for you to try things on
   npm run bench   how fast it is on this machine, with the numbers behind it
   npm test        what it promises, and the proof`)
}
