// Daemons that are left running: started by one command, found again by the next.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { run, searchPath } from './command.ts'
import { launch, untilReady } from './daemon.ts'
import type { LabPlace } from './lab-place.ts'
import { endProcesses } from './network.ts'
import type { NodePlace } from './node-place.ts'
import { daemonMain, orbMain } from './programs.ts'

/** Start it and leave it alone. */
export async function startDaemon({ network }: LabPlace, place: NodePlace): Promise<void> {
  const child = launch(place, ['ip', ...network.inside(place.name)])
  await untilReady(place, child)
  child.unref()
}

/** How many there were. */
export async function stopDaemon(lab: LabPlace, place: NodePlace): Promise<number> {
  const pids = await daemonPids(lab, place)
  await endProcesses(pids)
  return pids.length
}

/** Of this node and no other, whatever else runs in its namespace. */
export async function daemonPids({ network }: LabPlace, place: NodePlace): Promise<number[]> {
  if (!network.has(place.name)) return []
  const { stdout } = await run('ip', ['netns', 'pids', network.name(place.name)])
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .filter(pid => commandLine(pid).join(' ').endsWith(`run --config ${place.config}`))
}

/** So that `orb` and `orbweaverd` are this node's where a command is executed on it. */
export function makeCommand(place: NodePlace): void {
  const dir = binDir(place)
  mkdirSync(dir)
  for (const [name, program] of [['orbweaverd', daemonMain] as const, ['orb', orbMain] as const]) {
    const file = join(dir, name)
    const [node, main, config] = [process.execPath, program, place.config].map(quoted)
    writeFileSync(file, `#!/bin/sh\nexec ${node} ${main} --config ${config} "$@"\n`)
    chmodSync(file, 0o755)
  }
}

export function pathOn(place: NodePlace): string {
  return [binDir(place), searchPath].join(delimiter)
}

function binDir({ config }: NodePlace): string {
  return join(dirname(config), 'bin')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
  } catch {
    return []
  }
}
