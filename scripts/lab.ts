// The lab: nodes in network namespaces of this machine, on a switch of their own, left running for people to
// try things on.

import { parseArgs } from 'node:util'
import {
  addPod,
  cut,
  deletePod,
  execute,
  heal,
  list,
  startNode,
  stopNode
} from './lab/lab-commands.ts'
import { bringUp, requireMachine, takeDown } from './lab/bring-up.ts'
import { catchInterruptions } from './lab/command.ts'
import { LabPlace } from './lab/lab-place.ts'
import { nodesMax } from './lab/pools.ts'
import { build, requireBuilt } from './lab/programs.ts'
import { paint, whileShowing } from './terminal.ts'

const usage = `npm run lab -- [COMMAND]

  [--nodes N] [--no-build]   bring up N nodes (default 3, at most ${nodesMax}); --no-build takes the programs as they are
  list                       nodes, cables, daemons and pods
  pod NODE NAME [ADDRESS]    start a pod, with exactly that address where one is given
  delete NAME                delete a pod
  exec NODE|POD COMMAND...   execute a command there; orbweaverd is the node's own
  cut NODE, heal NODE        unplug its cable, and plug it in again
  stop NODE, start NODE      its daemon
  --down                     remove all of it, in whatever state it is

The lab is in /tmp/orbweaver-lab, or in the directory that ORBWEAVER_LAB names; each directory is a lab of its own.
`

const commands: Readonly<
  Record<string, (lab: LabPlace, args: readonly string[]) => Promise<unknown>>
> = {
  pod: addPod,
  delete: deletePod,
  exec: execute,
  cut,
  heal,
  stop: stopNode,
  start: startNode,
  list
}

const nodesDefault = 3

class UsageError extends Error {}

async function main(args: readonly string[]): Promise<number> {
  const lab = new LabPlace()
  const [name = '', ...more] = args
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  try {
    if (command !== undefined) {
      await command(lab, more)
    } else if (name === '--down' || name === 'down') {
      const wasThere = await takeDown(lab)
      console.log(wasThere ? 'The lab is gone.' : 'There was no lab.')
    } else if (name === '--help' || name === 'help') {
      console.log(usage)
    } else {
      await up(lab, args)
    }
    return 0
  } catch (error) {
    if (!(error instanceof Error)) throw error
    console.error(`${paint('red', 'lab:')} ${error.message}`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function up(lab: LabPlace, args: readonly string[]): Promise<void> {
  const wishes = wishesOf(args)
  catchInterruptions()
  // Before anything is built: building is in vain, and in the way of the one that runs.
  await requireMachine(lab)
  if (wishes.build) await whileShowing('building daemon and plugin', build())
  requireBuilt()
  await bringUp(lab, wishes.nodes)
}

function wishesOf(args: readonly string[]): { nodes: number; build: boolean } {
  const options = { nodes: { type: 'string' }, 'no-build': { type: 'boolean' } } as const
  let values
  try {
    values = parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`, { cause: error })
  }
  const nodes = Number(values.nodes ?? nodesDefault)
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > nodesMax) {
    throw new UsageError(`--nodes takes a number from 1 to ${nodesMax}\n\n${usage}`)
  }
  return { nodes, build: values['no-build'] !== true }
}

process.exitCode = await main(process.argv.slice(2))
