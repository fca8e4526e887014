// What the daemon takes of a node's memory, and how soon a node serves after its daemon was started.

import { setTimeout as sleep } from 'node:timers/promises'
import { canConnect, launchDaemon } from '../../test/support/daemon.ts'
import { daemonMain } from './build.ts'
import { figure } from './figures.ts'
import type { Group, Run } from './group.ts'
import { takenMany } from './host-local-state.ts'
import { residentMb, startNode, takeAddresses } from './node-daemon.ts'
import { median } from './statistics.ts'

const residentMbMax = 150
const readyMsMax = 500

/** Memory is looked at after the work is over, as it is for nearly all of a daemon's life. */
const settleMs = 1_000

const readyTimeoutMs = 20_000

export const memory: Group = async run => {
  await using daemon = await startNode(run.stage)
  await sleep(settleMs)
  const idle = residentMb(daemon)
  takeAddresses(run.stage, daemon, takenMany)
  await sleep(settleMs)
  const filled = residentMb(daemon)
  const bar = { below: residentMbMax }
  return [
    figure('resident memory of the daemon, 0 taken', idle, 'MB', bar),
    figure(`resident memory of the daemon, ${takenMany} taken`, filled, 'MB', bar)
  ]
}

export const ready: Group = async run => {
  const starts = run.quick ? 3 : 15
  const dir = run.stage.directory('node')
  const bar = { below: readyMsMax }
  const figures = []
  for (const taken of [0, takenMany]) {
    await using daemon = await startNode(run.stage, { dir })
    takeAddresses(run.stage, daemon, taken)
    await daemon.stop()
    const times: number[] = []
    for (let i = 0; i < starts; i++) times.push(await timeStart(run, dir))
    figures.push(figure(`start to serving, ${taken} taken`, median(times), 'ms', bar))
  }
  return figures
}

/** From spawn until the socket takes a connection, in milliseconds. */
async function timeStart(run: Run, dir: string): Promise<number> {
  const started = process.hrtime.bigint()
  await using daemon = launchDaemon({ dir, main: daemonMain })
  run.stage.onEnd(() => daemon.process.kill('SIGKILL'))
  for (;;) {
    if (await canConnect(daemon.socket)) break
    const ms = Number(process.hrtime.bigint() - started) / 1e6
    if (daemon.process.exitCode !== null || ms > readyTimeoutMs) {
      throw new Error(`the daemon did not become ready:\n${daemon.log()}`)
    }
    await sleep(1)
  }
  const ms = Number(process.hrtime.bigint() - started) / 1e6
  await daemon.stop()
  return ms
}
