// Loaded into a daemon before it begins (`--import`): how late its event loop has been at most since the last time
// somebody asked, by SIGUSR2. The answer is a file, so that nothing of the daemon itself takes part.

import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

export const answerVariable = 'BENCH_LOOP_WATCH'
const resolutionMs = 1

const path = process.env[answerVariable]
if (path !== undefined && isMainThread) {
  const loop = monitorEventLoopDelay({ resolution: resolutionMs })
  loop.enable()
  process.on('SIGUSR2', () => {
    // What is measured is the time between two rounds of a timer.
    const lateMs = Math.max(0, loop.max / 1e6 - resolutionMs)
    writeFileSync(`${path}.new`, String(lateMs))
    renameSync(`${path}.new`, path)
    loop.reset()
  })
}
