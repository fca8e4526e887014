// Batches of histories spread over processes, which stay from one profile to the next: each begins with code that nobody has
// compiled yet.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type BatchOptions, type BatchResult, runBatch } from './batch.ts'
import { Coverage } from './coverage.ts'

/** So many a process: the last one of a profile is waited for by all. */
const partsEach = 8

interface Worker {
  readonly process: ChildProcess
  /** Rejects when it ends. */
  readonly ended: Promise<never>
}

export class Crew implements Disposable {
  readonly #workers: readonly Worker[]

  /** With one job it all happens in this process. */
  constructor(jobs: number) {
    const program = join(import.meta.dirname, 'worker.ts')
    this.#workers = Array.from({ length: jobs > 1 ? jobs : 0 }, () => {
      const process = fork(program)
      const ended = once(process, 'exit').then(([status]) => {
        throw new Error(`a process that runs histories ended with status ${String(status)}`)
      })
      // Whoever waits for an answer hears of it; in the end nobody does.
      ended.catch(() => {})
      return { process, ended }
    })
  }

  async run(options: BatchOptions): Promise<BatchResult> {
    if (this.#workers.length === 0) return runBatch(options)
    const stride = Math.min(options.count, this.#workers.length * partsEach)
    const parts = Array.from({ length: stride }, (_, part) => ({
      ...options,
      first: options.first + part,
      stride,
      count: Math.ceil((options.count - part) / stride)
    }))
    const results: BatchResult[] = []
    await Promise.all(
      this.#workers.map(async worker => {
        for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
          results.push(await askOf(worker, part))
        }
      })
    )
    const coverage = new Coverage()
    for (const result of results) coverage.add(result.coverage)
    return {
      runs: results.reduce((sum, { runs }) => sum + runs, 0),
      steps: results.reduce((sum, { steps }) => sum + steps, 0),
      failures: results.flatMap(({ failures }) => failures).sort((a, b) => a.seed - b.seed),
      coverage: coverage.entries()
    }
  }

  [Symbol.dispose](): void {
    for (const { process } of this.#workers) process.kill()
  }
}

async function askOf({ process, ended }: Worker, options: BatchOptions): Promise<BatchResult> {
  process.send(options)
  const [result] = (await Promise.race([once(process, 'message'), ended])) as [BatchResult]
  return result
}
