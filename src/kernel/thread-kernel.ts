// Kernel with a thread of its own, which the next order replaces when it has ended or does not come back.

import { close } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { assert } from '../core/assert.ts'
import { messageOf } from '../core/error-text.ts'
import type { Log } from '../ports/log.ts'
import {
  type Done,
  type Kernel,
  type KernelObstacle,
  type NotPossible,
  type Observed,
  operationsMax,
  type Order,
  type Question,
  type Stopped
} from './kernel.ts'
import { SocketLedger } from './socket-ledger.ts'
import {
  type KernelAnswer,
  monotonicMs,
  type ThreadOrder,
  type ThreadStart,
  type ThreadWord
} from './thread-messages.ts'

/** Waiting or being carried out; a burst of pods on the largest of nodes is below it. */
const openMax = 512
/** Beyond the deadline. Within it the thread answers by itself, unless the kernel keeps it. */
const graceMs = 1_000
/** Threads that the kernel does not let go, each with a stack and a heap of its own. */
const stuckMax = 4

export interface ThreadKernelOptions {
  readonly log: Log
  /** Path of the namespace with the host's interfaces; absent: the one of this process. */
  readonly home?: string
}

type Asked = Exclude<ThreadOrder, { type: 'Close' }>
/** An order without its number. */
type Unnumbered<Work> = Work extends unknown ? Omit<Work, 'id'> : never

interface Open {
  readonly worker: Worker
  readonly answer: (answer: KernelAnswer) => void
}

export function createThreadKernel(options: ThreadKernelOptions): Kernel {
  return new ThreadKernel(options)
}

class ThreadKernel implements Kernel {
  readonly #log: Log
  readonly #home: string | undefined
  readonly #open = new Map<number, Open>()
  readonly #stuck = new Set<Worker>()
  #worker: Worker | undefined
  #asked = 0
  #isClosed = false

  constructor({ log, home }: ThreadKernelOptions) {
    this.#log = log
    this.#home = home
    // Not at the first order, whose budget it would use up.
    this.#worker = this.#hire()
  }

  async observe(question: Question): Promise<Observed | NotPossible> {
    const deadlineMs = monotonicMs() + question.budgetMs
    const answer = await this.#ask({ type: 'Observe', question, deadlineMs })
    assert(answer.type === 'Observed' || answer.type === 'NotPossible', 'a look is answered by one')
    return answer
  }

  async carryOut(order: Order): Promise<Done | Stopped | NotPossible> {
    assert(order.operations.length <= operationsMax, `${order.operations.length} operations`)
    const deadlineMs = monotonicMs() + order.budgetMs
    const answer = await this.#ask({ type: 'CarryOut', order, deadlineMs })
    assert(answer.type !== 'Observed', 'an order is answered by what came of it')
    return answer
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const id of [...this.#open.keys()]) this.#settle(id, notPossible('Closed', 'closing'))
    const worker = this.#worker
    if (worker === undefined) return
    const ended = new Promise<void>(resolve => {
      worker.once('exit', () => resolve())
    })
    worker.postMessage({ type: 'Close' } satisfies ThreadOrder)
    const guard = setTimeout(() => void worker.terminate(), graceMs)
    await ended
    clearTimeout(guard)
  }

  #ask(order: Unnumbered<Asked>): Promise<KernelAnswer> {
    if (this.#isClosed) return Promise.resolve(notPossible('Closed', 'it is closed'))
    if (this.#open.size >= openMax || this.#stuck.size >= stuckMax) {
      const detail = `${this.#open.size} orders wait, the kernel keeps ${this.#stuck.size} threads`
      return Promise.resolve(notPossible('Busy', detail))
    }
    return new Promise(resolve => {
      const id = (this.#asked += 1)
      const worker = (this.#worker ??= this.#hire())
      const waitMs = order.deadlineMs - monotonicMs() + graceMs
      const guard = setTimeout(() => this.#giveUpOn(worker), waitMs)
      const answer = (answer: KernelAnswer) => {
        clearTimeout(guard)
        resolve(answer)
      }
      this.#open.set(id, { worker, answer })
      worker.postMessage({ ...order, id } satisfies ThreadOrder)
    })
  }

  #hire(): Worker {
    // The tests run what the compiler leaves as it is, and so nobody rewrites this name.
    const file = `./kernel-worker${extname(import.meta.filename)}`
    const ledger = new SocketLedger()
    const workerData: ThreadStart = { home: this.#home, sockets: ledger.shared }
    const worker = new Worker(new URL(file, import.meta.url), { workerData })
    // It is no reason to go on living; the guard of each order is.
    worker.unref()
    worker.on('message', ({ id, answer }: ThreadWord) => this.#settle(id, answer))
    let why = 'it ended'
    worker.on('error', error => {
      why = messageOf(error)
    })
    worker.on('exit', () => {
      // It is closed whatever it says (close(2)).
      for (const fd of ledger.takeAll()) close(fd, () => {})
      this.#mourn(worker, why)
    })
    return worker
  }

  #settle(id: number, answer: KernelAnswer): void {
    const open = this.#open.get(id)
    this.#open.delete(id)
    open?.answer(answer)
  }

  /** It may never end, so nobody waits for that. */
  #giveUpOn(worker: Worker): void {
    this.#log.error({}, 'the thread that speaks with the kernel does not answer; it is replaced')
    this.#stuck.add(worker)
    void worker.terminate()
    this.#part(worker, 'Late', 'the kernel does not answer')
  }

  #mourn(worker: Worker, why: string): void {
    if (!this.#isClosed && !this.#stuck.delete(worker)) {
      this.#log.error({ why }, 'the thread that speaks with the kernel has ended')
    }
    const said = this.#isClosed ? 'Closed' : 'Late'
    this.#part(worker, said, `the thread that speaks with the kernel: ${why}`)
  }

  #part(worker: Worker, said: KernelObstacle, detail: string): void {
    if (this.#worker === worker) this.#worker = undefined
    for (const [id, open] of this.#open) {
      if (open.worker === worker) this.#settle(id, notPossible(said, detail))
    }
  }
}

function notPossible(why: KernelObstacle, detail: string): NotPossible {
  return { type: 'NotPossible', why, detail }
}
