// The kernel, asked by the very thread that wants something of it: what is given to another thread takes longer to get
// there and back than most orders take. The exception are links that go: the kernel keeps whoever deletes one for some 20 ms
// in which it only waits, so that is done by threads of their own.

import { assert } from '../core/assert.ts'
import { Counter } from './counter.ts'
import {
  type Done,
  type Kernel,
  type NotPossible,
  type Observed,
  operationsMax,
  type Order,
  type Question,
  type Stopped
} from './kernel.ts'
import { createLateKernel } from './late-kernel.ts'
import { moveTo, openHome } from './namespace.ts'
import { SocketLedger } from './socket-ledger.ts'
import type { ThreadKernelOptions } from './thread-kernel.ts'
import { type KernelAnswer, monotonicMs, type Work } from './thread-messages.ts'

/** Longer than the pause between two pods that are deleted one after the other. */
const farIdleMs = 5_000

/** For a thread that others do not wait for: it waits for the kernel's lock on links and routes as long as others hold that. */
export function createNearKernel(options: ThreadKernelOptions): Kernel {
  return new NearKernel(options)
}

class NearKernel implements Kernel {
  readonly #counter: Counter
  readonly #far: Kernel
  #isAboutToLeave = false
  #isClosed = false

  constructor({ log, home: path, sockets = new SocketLedger() }: ThreadKernelOptions) {
    const home = openHome(path)
    if (path !== undefined) moveTo(home)
    this.#counter = new Counter({ home, ledger: sockets })
    this.#far = createLateKernel({
      ...{ log, sockets, idleMs: farIdleMs },
      ...(path !== undefined && { home: path })
    })
  }

  observe(question: Question): Promise<Observed | NotPossible> {
    return this.#answer<Observed>({ type: 'Observe', question, deadlineMs: deadlineOf(question) })
  }

  carryOut(order: Order): Promise<Done | Stopped | NotPossible> {
    assert(order.operations.length <= operationsMax, `${order.operations.length} operations`)
    if (this.#isClosed) return Promise.resolve(closed)
    if (order.operations.some(({ type }) => type === 'DeleteLink')) return this.#far.carryOut(order)
    return this.#answer<Done | Stopped>({
      type: 'CarryOut',
      order,
      deadlineMs: deadlineOf(order)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#far.close()
    this.#counter.close()
  }

  #answer<Wanted extends KernelAnswer>(work: Work): Promise<Wanted | NotPossible> {
    if (this.#isClosed) return Promise.resolve(closed)
    this.#leaveLater()
    try {
      return Promise.resolve(this.#counter.answer(work) as Wanted | NotPossible)
    } catch (error) {
      // The thread is in the namespace of a pod and cannot leave it: nothing that it does from now on is right.
      this.#isClosed = true
      setImmediate(() => {
        throw error
      })
      return new Promise(() => {})
    }
  }

  /** Who looks mostly has an order next, and it finds the pod's room open when it comes in the same turn. */
  #leaveLater(): void {
    if (this.#isAboutToLeave) return
    this.#isAboutToLeave = true
    setImmediate(() => {
      this.#isAboutToLeave = false
      this.#counter.leave()
    })
  }
}

function deadlineOf({ budgetMs }: { readonly budgetMs: number }): number {
  return monotonicMs() + budgetMs
}

const closed: NotPossible = { type: 'NotPossible', why: 'Closed', detail: 'it is closed' }
