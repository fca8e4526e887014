// Reads the addresses of namespaces in which no process lives, by going there: a thread of its own does, since
// namespaces are a matter of threads. It is started with the first question.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Listed } from './namespace-lists-worker.ts'

/** To read two files of the kernel; it has been seen to wait a second for its own lock. */
const visitMsMax = 10_000

const program = new URL(
  `./namespace-lists-worker${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url
)

export class NamespaceLists implements AsyncDisposable {
  #worker: Worker | undefined
  /** One visit at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  /** What /proc/net tells inside of IPv4 and IPv6 addresses. Rejects with why it cannot be read. */
  read(path: string): Promise<string> {
    const visit = this.#turn.then(() => this.#visit(path))
    this.#turn = visit.catch(() => {})
    return visit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  async #visit(path: string): Promise<string> {
    const worker = (this.#worker ??= new Worker(program))
    const signal = AbortSignal.timeout(visitMsMax)
    worker.postMessage(path)
    try {
      const [listed] = (await once(worker, 'message', { signal })) as [Listed]
      if ('text' in listed) return listed.text
      throw Object.assign(
        new Error(listed.problem),
        listed.code !== undefined && { code: listed.code }
      )
    } catch (error) {
      if (!signal.aborted) throw error
      // Where it hangs, nothing else can be read.
      await worker.terminate()
      this.#worker = undefined
      throw new Error(`no answer within ${visitMsMax} ms`, { cause: error })
    }
  }
}
