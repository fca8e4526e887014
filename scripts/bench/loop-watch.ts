// Loaded into a daemon before it begins (`--import`). The first SIGUSR2 lets it watch its event loop, the next one lets it say
// how late that has been at most since then, and so on. The answer is a file, so that nothing of the daemon itself takes part;
// and nobody watches while something else is measured.

import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

export const answerVariable = 'BENCH_LOOP_WATCH'
const resolutionMs = 1

const path = process.env[answerVariable]
if (path !== undefined && isMainThread) {
  const loop = monitorEventLoopDelay({ resolution: resolutionMs })
  const answer = (text: string) => {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  let isWatching = false
  process.on('SIGUSR2', () => {
    isWatching = !isWatching
    if (!isWatching) {
      loop.disable()
      // What is measured is the time between two rounds of a timer.
      return answer(String(Math.max(0, loop.max / 1e6 - resolutionMs)))
    }
    loop.reset()
    loop.enable()
    // Some rounds later: this one was late itself.
    setTimeout(() => {
      loop.reset()
      answer('watching')
    }, 4 * resolutionMs)
  })
}
