// Kernel with a few threads of its own. There are several since deleting a link takes the kernel some 20 ms in which
// it only waits, and whoever comes next would wait as well; each has orders for one pod at a time, so none waits in
// vain behind another's. One that ends or does not come back is replaced when it is needed.

import { assert } from '../core/assert.ts'
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
import { KernelThread, type ThreadPlace } from './kernel-thread.ts'
import { type KernelAnswer, monotonicMs, type Work } from './thread-messages.ts'

/** Waiting or being carried out; a burst of pods on the largest of nodes is below it. */
const openMax = 512
/** Beyond the deadline. Within it a thread answers by itself, unless the kernel keeps it. */
const graceMs = 1_000
/** More do not make a burst of deletions faster; each has a stack and a heap of its own. */
const threadsMax = 4
/** Threads that the kernel does not let go. */
const stuckMax = 4

export interface ThreadKernelOptions extends ThreadPlace {
  readonly log: Log
  /** How long threads stay that have no order; absent: for ever. Each takes some 10 MB. */
  readonly idleMs?: number
}

interface Open {
  readonly work: Work
  readonly answer: (answer: KernelAnswer) => void
  /** Absent while it waits for one. */
  thread?: KernelThread
}

export function createThreadKernel(options: ThreadKernelOptions): Kernel {
  return new ThreadKernel(options)
}

class ThreadKernel implements Kernel {
  readonly #log: Log
  readonly #place: ThreadPlace
  readonly #idleMs: number | undefined
  #retiring: NodeJS.Timeout | undefined
  /** In the order in which they came. */
  readonly #open = new Set<Open>()
  readonly #threads = new Set<KernelThread>()
  readonly #free: KernelThread[] = []
  readonly #stuck = new Set<KernelThread>()
  #isClosed = false

  constructor({ log, idleMs, ...place }: ThreadKernelOptions) {
    this.#log = log
    this.#idleMs = idleMs
    this.#place = place
    // Not at the first order, whose budget it would use up.
    this.#hire()
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
    clearTimeout(this.#retiring)
    for (const open of this.#open) this.#settle(open, notPossible('Closed', 'it is closing'))
    await Promise.all([...this.#threads].map(thread => thread.end()))
  }

  #ask(work: Work): Promise<KernelAnswer> {
    if (this.#isClosed) return Promise.resolve(notPossible('Closed', 'it is closed'))
    if (this.#open.size >= openMax || this.#stuck.size >= stuckMax) {
      const detail = `${this.#open.size} orders wait, the kernel keeps ${this.#stuck.size} threads`
      return Promise.resolve(notPossible('Busy', detail))
    }
    return new Promise(resolve => {
      const guard = setTimeout(
        () => this.#giveUpOn(open),
        work.deadlineMs - monotonicMs() + graceMs
      )
      const answer = (answer: KernelAnswer) => {
        clearTimeout(guard)
        resolve(answer)
      }
      const open: Open = { work, answer }
      this.#open.add(open)
      this.#give(open)
    })
  }

  #give(open: Open): void {
    const thread = this.#threadFor(open.work) ?? this.#free.pop()
    if (thread === undefined) return this.#hireIfWanted()
    open.thread = thread
    thread.give(open.work, answer => this.#settle(open, answer))
  }

  /** The one that has orders for the same pod. */
  #threadFor(work: Work): KernelThread | undefined {
    const netns = netnsOf(work)
    if (netns === undefined) return undefined
    for (const { thread, work: other } of this.#open) {
      if (thread === undefined || !this.#threads.has(thread)) continue
      if (netnsOf(other) === netns) return thread
    }
    return undefined
  }

  #hire(): void {
    const thread = new KernelThread(this.#place, {
      onFree: free => this.#takeNext(free),
      onEnd: (ended, why) => this.#mourn(ended, why)
    })
    this.#threads.add(thread)
  }

  #takeNext(thread: KernelThread): void {
    if (!this.#threads.has(thread)) return
    this.#free.push(thread)
    const waiting = [...this.#open].filter(open => open.thread === undefined)
    const [first] = waiting
    if (first === undefined) return this.#retireLater()
    this.#give(first)
    const netns = netnsOf(first.work)
    if (netns === undefined) return
    for (const open of waiting) if (open !== first && netnsOf(open.work) === netns) this.#give(open)
  }

  #retireLater(): void {
    clearTimeout(this.#retiring)
    if (this.#idleMs === undefined) return
    this.#retiring = setTimeout(() => {
      if (this.#open.size > 0) return
      for (const thread of this.#free.splice(0)) {
        this.#threads.delete(thread)
        void thread.end()
      }
    }, this.#idleMs).unref()
  }

  #settle(open: Open, answer: KernelAnswer): void {
    if (this.#open.delete(open)) open.answer(answer)
  }

  #giveUpOn(open: Open): void {
    const { thread } = open
    if (thread === undefined) {
      return this.#settle(open, notPossible('Busy', 'the time was up before its turn came'))
    }
    this.#log.error({}, 'a thread that speaks with the kernel does not answer; it is replaced')
    // It may never end, so nobody waits for that.
    this.#threads.delete(thread)
    this.#stuck.add(thread)
    thread.abandon()
    for (const other of this.#open) {
      if (other.thread === thread)
        this.#settle(other, notPossible('Late', 'the kernel does not answer'))
    }
    this.#hireIfWanted()
  }

  #mourn(thread: KernelThread, why: string): void {
    // One that was given up on, or is not needed any more.
    if (this.#stuck.delete(thread) || !this.#threads.delete(thread)) return
    const at = this.#free.indexOf(thread)
    if (at >= 0) this.#free.splice(at, 1)
    if (this.#isClosed) return
    this.#log.error({ why }, 'a thread that speaks with the kernel has ended')
    for (const open of this.#open) {
      if (open.thread === thread) this.#settle(open, notPossible('Late', why))
      // The next one would not begin either, and nobody knows when that changes.
      if (!thread.isReady && open.thread === undefined)
        this.#settle(open, notPossible('Failed', why))
    }
    this.#hireIfWanted()
  }

  /** More wait than there are threads that begin. */
  #hireIfWanted(): void {
    const waiting = [...this.#open].filter(({ thread }) => thread === undefined)
    const beginning = [...this.#threads].filter(({ isReady }) => !isReady)
    if (waiting.length > beginning.length && this.#threads.size < threadsMax) this.#hire()
  }
}

function netnsOf(work: Work): string | undefined {
  return work.type === 'Observe' ? work.question.netns : work.order.netns
}

function notPossible(why: KernelObstacle, detail: string): NotPossible {
  return { type: 'NotPossible', why, detail }
}
