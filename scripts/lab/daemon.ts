// The daemon of one node as a process, from the built program.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { eventually, searchPath } from './command.ts'
import type { NodePlace } from './node-place.ts'
import { daemonMain } from './programs.ts'

const readyWithinMs = 20_000

/** Start it; `prefix` is a command that executes it. In a group of its own, so that Ctrl-C is not for it. */
export function launch({ config, log }: NodePlace, prefix: readonly string[]): ChildProcess {
  const out = openSync(log, 'a')
  const daemon = [process.execPath, daemonMain, 'run', '--config', config]
  const [command = '', ...args] = [...prefix, ...daemon]
  const env = { ...process.env, PATH: searchPath }
  const child = spawn(command, args, { detached: true, stdio: ['ignore', out, out], env })
  closeSync(out)
  return child
}

/** Until plugins and people can ask it. Throws when it ends before, or takes too long. */
export async function untilReady(place: NodePlace, child: ChildProcess): Promise<void> {
  let failure: Error | undefined
  child.once('error', error => (failure = error))
  for (const socket of [place.socket, place.adminSocket]) {
    const isReady = async () => {
      if (failure !== undefined) throw failure
      if (hasEnded(child)) throw new Error(`the daemon of ${place.name} has ended`)
      return (await canConnect(socket)) || undefined
    }
    await eventually(`the daemon of ${place.name} answers`, isReady, { withinMs: readyWithinMs })
  }
}

export function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}

export function canConnect(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = connect(socket)
    connection.once('error', () => resolve(false))
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
  })
}
