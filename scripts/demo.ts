// The demo: a node, two pods with real interfaces, and what becomes of their addresses while the node's
// daemon stops and starts. All of it happens in namespaces and a directory that are gone afterwards.

import { parseArgs } from 'node:util'
import { catchInterruptions } from './demo/command.ts'
import { Daemon } from './demo/daemon.ts'
import { cooldownSeconds, pools } from './demo/pools.ts'
import { build, daemonMain, prepareNetwork, requireBuilt } from './demo/programs.ts'
import { Runtime } from './demo/runtime.ts'
import { makeDirectory, setStage } from './demo/stage.ts'
import { say, step, tell } from './demo/story.ts'
import { duration, paint, whileShowing } from './terminal.ts'

const usage = `node scripts/demo.ts [--no-build] [--no-links]

  --no-build   take daemon and plugin as they are
  --no-links   make no network interfaces: addresses only
`

const logLinesShown = 12

process.exitCode = await main()

async function main(): Promise<number> {
  const wishes = wishesOf(process.argv.slice(2))
  if (wishes === undefined) return 2
  // First of all, since it may start this program anew.
  const obstacle = wishes.links ? await prepareNetwork() : 'it was started with --no-links'
  catchInterruptions()
  const began = performance.now()
  const undo = new AsyncDisposableStack()
  let daemon: Daemon | undefined
  let failure: Error | undefined
  let isWhole = false
  try {
    console.log(paint('bold', 'Orbweaver: one node, two pods, and where their addresses come from'))
    if (wishes.build) {
      step('Build')
      const buildBegan = performance.now()
      await whileShowing('building daemon and plugin', build())
      say(`Daemon and plugin are built (${duration(performance.now() - buildBegan)}).`)
    }
    requireBuilt()
    const dir = await makeDirectory(undo)
    const stage = await setStage(undo, obstacle)
    isWhole = stage.obstacle === undefined
    daemon = new Daemon(daemonMain, dir, pools, cooldownSeconds)
    undo.defer(async () => void (await daemon?.stop()))
    await tell({ daemon, stage, runtime: new Runtime(daemon, stage) })
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
  }
  if (failure !== undefined) explain(failure, daemon)
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

function explain({ message }: Error, daemon: Daemon | undefined): void {
  console.error(`\n${paint('red', 'The demo failed:')} ${message}`)
  const log = daemon?.lastLogLines(logLinesShown) ?? []
  if (log.length > 0) console.error('\nThe last lines of its daemon:')
  for (const line of log) console.error(`  ${line}`)
}

async function cleanUp(undo: AsyncDisposableStack): Promise<boolean> {
  try {
    await undo.disposeAsync()
    console.log('\nDaemon, namespaces and files of the demo are removed again.')
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
   npm run bench   how fast it is on this machine, with the numbers behind it
   npm test        what it promises, and the proof`)
}
