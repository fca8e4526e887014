// One thread that speaks with the kernel, from outside: it is given orders, and says what came of each.

import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../core/error-text.ts'
import { close } from './libc.ts'
import { SocketLedger } from './socket-ledger.ts'
import type { KernelAnswer, ThreadOrder, ThreadStart, ThreadWord, Work } from './thread-messages.ts'

/** How long one that was asked to end may take. */
const endMs = 1_000

export interface ThreadPlace {
  /** Path of the namespace that it lives in; absent: the one of this process. */
  readonly home?: string
  /** Of the thread that has it, where that may be ended. */
  readonly sockets?: SocketLedger
}

export interface ThreadEvents {
  /** It has nothing to do: it has begun, or has answered all that it was given. */
  readonly onFree: (thread: KernelThread) => void
  readonly onEnd: (thread: KernelThread, why: string) => void
}

export class KernelThread {
  readonly #worker: Worker
  readonly #ended: Promise<void>
  #isReady = false
  /** Of the orders that it has, in their order. */
  readonly #answers: ((answer: KernelAnswer) => void)[] = []

  constructor({ home, sockets }: ThreadPlace, { onFree, onEnd }: ThreadEvents) {
    // The tests run what the compiler leaves as it is, and so nobody rewrites this name.
    const file = `./kernel-worker${extname(import.meta.filename)}`
    const ledger = new SocketLedger(undefined, sockets)
    const workerData: ThreadStart = {
      ...{ home, sockets: ledger.shared, socketsAbove: sockets?.shared }
    }
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData })
    // It is no reason to go on living; the guard of each order is.
    this.#worker.unref()
    this.#worker.on('message', (word: ThreadWord) => {
      if (word.type === 'Ready') this.#isReady = true
      else this.#answers.shift()?.(word)
      if (this.#answers.length === 0) onFree(this)
    })
    let why = 'it ended'
    this.#worker.on('error', error => {
      why = messageOf(error)
    })
    this.#ended = new Promise(resolve => {
      this.#worker.once('exit', () => {
        // They are closed whatever is said (close(2)).
        for (const fd of ledger.takeAll()) close(fd)
        resolve()
        onEnd(this, why)
      })
    })
  }

  /** False: it has not begun (yet). */
  get isReady(): boolean {
    return this.#isReady
  }

  /** It carries out one after the other. `answer` is called once, or never when the thread ends before. */
  give(work: Work, answer: (answer: KernelAnswer) => void): void {
    this.#answers.push(answer)
    this.#worker.postMessage(work satisfies ThreadOrder)
  }

  /** In the midst of whatever it does, as soon as the kernel lets it go. */
  abandon(): void {
    void this.#worker.terminate()
  }

  /** Resolves when it has ended. */
  async end(): Promise<void> {
    this.#worker.postMessage({ type: 'Close' } satisfies ThreadOrder)
    const guard = setTimeout(() => this.abandon(), endMs)
    await this.#ended
    clearTimeout(guard)
  }
}
