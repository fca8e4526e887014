// LinkProber with a thread of its own, which the next question replaces when it has ended.

import { extname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { familyOf } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import { messageOf } from '../core/error-text.ts'
import {
  type LinkAnswer,
  type LinkOrder,
  type LinkProber,
  type LinkQuestion,
  type ProbeNotPossible,
  type ProbeObstacle,
  targetsMax
} from '../ports/link-prober.ts'
import type { Log } from '../ports/log.ts'
import { SocketCloser } from './socket-closer.ts'
import {
  monotonicMs,
  type WorkerOrder,
  type WorkerStart,
  type WorkerWord
} from './worker-messages.ts'

/** Each has a socket, and two for a moment; a burst of pods on the largest of nodes is below it. */
const questionsMax = 256
/** Sockets that are not closed yet hold the namespaces of pods, so their number has an end too. */
const closingMax = 512
/** A thread that does not answer so long after a deadline will not answer any more. */
const graceMs = 1_000
/** For one announcement: as long as a link that was just set up may take, on a machine that starts many pods. */
const announceMs = 2_000

export interface LinkProberOptions {
  readonly log: Log
  /** Path of the namespace with the host's interfaces; absent: the one of this process. */
  readonly home?: string
}

type Asked = Exclude<WorkerOrder, { type: 'Close' }>
/** An order without its number. */
type Unnumbered<Order> = Order extends unknown ? Omit<Order, 'id'> : never

interface Open {
  readonly worker: Worker
  readonly fds: number[]
  readonly answer: (answer: LinkAnswer) => void
}

export function createLinkProber(options: LinkProberOptions): LinkProber {
  return new ThreadProber(options)
}

class ThreadProber implements LinkProber {
  readonly #log: Log
  readonly #start: WorkerStart
  readonly #open = new Map<number, Open>()
  readonly #closer = new SocketCloser()
  #worker: Worker | undefined
  #asked = 0
  #isClosed = false

  constructor({ log, home }: LinkProberOptions) {
    this.#log = log
    this.#start = { home }
    // Not at the first question, whose budget it would use up.
    this.#worker = this.#hire()
  }

  async probe(question: LinkQuestion): Promise<LinkAnswer> {
    const { targets, budgetMs } = question
    assert(targets.length <= targetsMax, `${targets.length} targets of one question`)
    for (const { address, gateway } of targets) {
      const isOneFamily = gateway === undefined || familyOf(gateway) === familyOf(address)
      assert(isOneFamily, 'a gateway is of the family of its address')
    }
    return this.#ask({ type: 'Probe', question, deadlineMs: monotonicMs() + budgetMs })
  }

  async announce({ addresses, times, gapMs, ...place }: LinkOrder): Promise<void> {
    assert(addresses.length <= targetsMax, `${addresses.length} addresses of one announcement`)
    for (let i = 0; i < times; i += 1) {
      if (i > 0) await sleep(gapMs)
      const deadlineMs = monotonicMs() + announceMs
      const answer = await this.#ask({ type: 'Announce', place, addresses, deadlineMs })
      if (answer.type === 'Probed') continue
      if (answer.why !== 'Closed') {
        this.#log.warn({ ...place, why: answer.why, detail: answer.detail }, 'not announced')
      }
      return
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const worker = this.#worker
    for (const { answer } of this.#open.values()) answer(notPossible('Closed', 'closing'))
    if (worker !== undefined) {
      const ended = new Promise<void>(resolve => {
        worker.once('exit', () => resolve())
      })
      worker.postMessage({ type: 'Close' } satisfies WorkerOrder)
      const guard = setTimeout(() => void worker.terminate(), graceMs)
      await ended
      clearTimeout(guard)
    }
    await this.#closer.idle()
  }

  #ask(order: Unnumbered<Asked>): Promise<LinkAnswer> {
    if (this.#isClosed) return Promise.resolve(notPossible('Closed', 'the prober is closed'))
    if (this.#open.size >= questionsMax || this.#closer.open >= closingMax) {
      const detail = `${this.#open.size} links are being asked, ${this.#closer.open} sockets closed`
      return Promise.resolve(notPossible('Busy', detail))
    }
    return new Promise(resolve => {
      const id = (this.#asked += 1)
      const worker = (this.#worker ??= this.#hire())
      const guard = setTimeout(
        () => this.#giveUpOn(worker),
        order.deadlineMs - monotonicMs() + graceMs
      )
      const answer = (answer: LinkAnswer) => {
        clearTimeout(guard)
        resolve(answer)
      }
      this.#open.set(id, { worker, fds: [], answer })
      worker.postMessage({ ...order, id } satisfies WorkerOrder)
    })
  }

  #hire(): Worker {
    // The tests run what the compiler leaves as it is, and so nobody rewrites this name.
    const file = `./prober-worker${extname(import.meta.filename)}`
    const worker = new Worker(new URL(file, import.meta.url), { workerData: this.#start })
    // It is no reason to go on living; the guard of each question is.
    worker.unref()
    worker.on('message', (word: WorkerWord) => this.#hear(word))
    let why = 'it ended'
    worker.on('error', error => {
      why = messageOf(error)
    })
    worker.on('exit', () => this.#mourn(worker, why))
    return worker
  }

  #hear(word: WorkerWord): void {
    const open = this.#open.get(word.id)
    if (word.type === 'Answered') {
      if (open !== undefined) this.#settle(word.id, open, word.answer)
    } else if (open === undefined) this.#closer.close([word.fd])
    else open.fds.push(word.fd)
  }

  #settle(id: number, { fds, answer }: Open, said: LinkAnswer): void {
    this.#open.delete(id)
    this.#closer.close(fds)
    answer(said)
  }

  #giveUpOn(worker: Worker): void {
    this.#log.error({}, 'the thread that asks links does not answer; it is replaced')
    void worker.terminate()
  }

  #mourn(worker: Worker, why: string): void {
    if (this.#worker === worker) this.#worker = undefined
    if (!this.#isClosed) this.#log.error({ why }, 'the thread that asks links has ended')
    for (const [id, open] of this.#open) {
      if (open.worker !== worker) continue
      const said = this.#isClosed ? 'Closed' : 'Failed'
      this.#settle(id, open, notPossible(said, `the thread that asks links: ${why}`))
    }
  }
}

function notPossible(why: ProbeObstacle, detail: string): ProbeNotPossible {
  return { type: 'NotPossible', why, detail }
}
