// A thread that is begun when it is needed, and replaced when it ends or does not answer any more: whatever it knows has to
// be written down.

import { close as closeFd } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { messageOf } from './core/error-text.ts'
import { beginWithYoungHeap } from './host/heap.ts'
import { SocketLedger } from './kernel/socket-ledger.ts'
import type { Log } from './ports/log.ts'
import { type Handlers, type Protocol, ThreadLine } from './thread-line.ts'

/** What every such thread answers. */
export type Lively = {
  /** When it serves. */
  readonly begin: (nothing: undefined) => undefined
  readonly live: (nothing: undefined) => undefined
  /** When what was accepted is finished and all is closed; then it ends. */
  readonly close: (nothing: undefined) => undefined
}

/** In milliseconds. */
export interface Patience {
  /** Between two tries: what keeps it from beginning, a full disk or a bad file, is not mended in a moment. */
  readonly again: number
  /** How often it is asked whether it lives, and how late the answer may be: a kernel that keeps it so long keeps it for ever. */
  readonly lifeEvery: number
  readonly lifeMax: number
  readonly closeMax: number
}

const usual: Patience = { again: 1_000, lifeEvery: 5_000, lifeMax: 15_000, closeMax: 12_000 }

export interface KeptThreadOptions<Ours extends Protocol> {
  /** As people know it, e.g. `the thread of the chained plugins`. */
  readonly name: string
  readonly program: URL
  /** What it is given, with the ledger of its sockets: whoever is ended in the midst of something leaves them open. */
  readonly start: (sockets: SharedArrayBuffer) => unknown
  /** What it may ask. */
  readonly handlers: Handlers<Ours>
  readonly log: Log
  readonly patience?: Patience
}

/** A dozen ADDs of the coordinator. */
const youngMegabytes = 4

interface Running<Theirs extends Protocol & Lively, Ours extends Protocol> {
  readonly line: ThreadLine<Theirs, Ours>
  readonly worker: Worker
  readonly ended: Promise<void>
}

export class KeptThread<Theirs extends Protocol & Lively, Ours extends Protocol> {
  readonly #options: KeptThreadOptions<Ours>
  readonly #patience: Patience
  #running: Promise<Running<Theirs, Ours>> | undefined
  #isClosed = false

  constructor(options: KeptThreadOptions<Ours>) {
    this.#options = options
    this.#patience = options.patience ?? usual
  }

  /** Resolves when it serves; whoever waits goes on waiting while it cannot. Rejects when it is closed. */
  async line(): Promise<ThreadLine<Theirs, Ours>> {
    return (await this.#run()).line
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const running = await this.#running?.catch(() => undefined)
    if (running === undefined) return
    const { line, worker, ended } = running
    void line.ask('close', undefined as never).catch(() => {})
    const guard = setTimeout(() => void worker.terminate(), this.#patience.closeMax)
    await ended
    clearTimeout(guard)
  }

  #run(): Promise<Running<Theirs, Ours>> {
    return (this.#running ??= this.#begin())
  }

  /** Again and again until it has begun, or nobody wants it any more. */
  async #begin(): Promise<Running<Theirs, Ours>> {
    const { log, name } = this.#options
    for (;;) {
      if (this.#isClosed) throw new Error(`${name} is not begun any more: the daemon is stopping`)
      const running = this.#hire()
      try {
        await running.line.ask('begin', undefined)
        void this.#watch(running)
        return running
      } catch (error) {
        log.error({ why: messageOf(error) }, `${name} does not begin; it is tried again`)
        void running.worker.terminate()
        await sleep(this.#patience.again)
      }
    }
  }

  #hire(): Running<Theirs, Ours> {
    const { name, program, start, handlers } = this.#options
    const ledger = new SocketLedger()
    const begin = () => new Worker(program, { workerData: start(ledger.shared) })
    const worker = beginWithYoungHeap(youngMegabytes, begin)
    const line = new ThreadLine<Theirs, Ours>(worker, handlers)
    let why = 'it ended'
    worker.on('error', error => {
      why = messageOf(error)
    })
    const ended = new Promise<void>(resolve => {
      worker.once('exit', () => {
        // They are closed whatever is said (close(2)).
        for (const fd of ledger.takeAll()) closeFd(fd, () => {})
        line.end(`${name}: ${why}`)
        resolve()
      })
    })
    return { line, worker, ended }
  }

  async #watch({ line, worker, ended }: Running<Theirs, Ours>): Promise<void> {
    const { log, name } = this.#options
    const { lifeEvery, lifeMax } = this.#patience
    const isOver = ended.then(() => true)
    while (!(await Promise.race([isOver, passing(lifeEvery)]))) {
      const answered = line.ask('live', undefined as never).then(isTrue, isTrue)
      if (await Promise.race([answered, passing(lifeMax)])) continue
      log.error({}, `${name} does not answer`)
      line.end(`${name} does not answer`)
      // It may never end, so nobody waits for that.
      void worker.terminate()
      break
    }
    this.#running = undefined
    if (this.#isClosed) return
    log.error({}, `${name} has ended; another one begins`)
    await this.#run().catch(() => {})
  }
}

const isTrue = () => true

/** It is no reason to go on living. */
function passing(ms: number): Promise<false> {
  return sleep(ms, false, { ref: false })
}
