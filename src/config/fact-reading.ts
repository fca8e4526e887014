// Reading files of Kubernetes objects beside the thread that serves pods. What a file does to its reader is that
// file's problem: the others are read all the same.

import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../core/error-text.ts'
import type { FactReading } from './fact-text.ts'
import type { FactFile } from './fact-worker.ts'

/** Twice what the largest file needs that is read. */
const heapMbMax = 512

const program = join(import.meta.dirname, `fact-worker${extname(import.meta.filename)}`)

/** One reading for each file, in their order; fewer when `signal` says that nobody wants them any more. */
export async function readFactFiles(
  files: readonly FactFile[],
  signal: AbortSignal
): Promise<FactReading[]> {
  const readings: FactReading[] = []
  for (;;) {
    const file = files[readings.length]
    if (file === undefined || signal.aborted) return readings
    const problem = await readOn(files.slice(readings.length), readings, signal)
    if (problem === undefined || signal.aborted) return readings
    const next = files[readings.length] ?? file
    const sentence = `${next.label}: cannot be read: ${problem}`
    readings.push({ objects: [], problems: [sentence], isPartial: true })
  }
}

/** Until all are read, or why the next one is not. */
async function readOn(
  files: readonly FactFile[],
  readings: FactReading[],
  signal: AbortSignal
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const resourceLimits = { maxOldGenerationSizeMb: heapMbMax }
  const worker = new Worker(program, { workerData: files, execArgv: [], resourceLimits })
  const end = () => void worker.terminate()
  signal.addEventListener('abort', end)
  let left = files.length
  let problem = 'its reader ended'
  worker.on('message', (reading: FactReading) => {
    readings.push(reading)
    left -= 1
  })
  worker.on('error', error => (problem = messageOf(error)))
  // All messages have come by then.
  worker.on('exit', () => resolve(undefined))
  await promise
  signal.removeEventListener('abort', end)
  return left > 0 ? problem : undefined
}
