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
  /** How often it is asked whether it lives. */
  readonly lifeEvery: number
  /** How late the answer may be: a kernel that keeps it so long keeps it for ever. */
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
  /** For what lives a moment there. */
  readonly youngMegabytes: number
  readonly patience?: Patience
}

/** Of those that the kernel does not let go; from then on one is waited for. */
const stuckMax = 4

interface Running<Theirs extends Protocol & Lively, Ours extends Protocol> {
  readonly line: ThreadLine<Theirs, Ours>
  readonly worker: Worker
  /** Resolves with the cause. */
  readonly ended: Promise<string>
  hasBegun: boolean
}

export class KeptThread<Theirs extends Protocol & Lively, Ours extends Protocol> {
  readonly #options: KeptThreadOptions<Ours>
  readonly #patience: Patience
  readonly #stuck = new Set<Promise<string>>()
  #running: Promise<Running<Theirs, Ours>> | undefined
  /** The last one that was tried. */
  #attempt: Promise<Running<Theirs, Ours>> | undefined
  #hired: Running<Theirs, Ours> | undefined
  readonly #closing = new AbortController()

  constructor(options: KeptThreadOptions<Ours>) {
    this.#options = options
    this.#patience = options.patience ?? usual
  }

  /** Resolves when it serves; whoever waits goes on waiting while it cannot. Rejects when it is closed. */
  async line(): Promise<ThreadLine<Theirs, Ours>> {
    return (await this.#run()).line
  }

  /** As `line`, but rejects when it cannot begin at once. */
  async lineNow(): Promise<ThreadLine<Theirs, Ours>> {
    void this.#run().catch(() => {})
    if (this.#attempt === undefined) throw new Error(`${this.#options.name} does not begin`)
    return (await this.#attempt).line
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const running = this.#hired
    if (running === undefined) return
    if (!running.hasBegun) return this.#abandon(running)
    void running.line.ask('close', undefined as never).catch(() => {})
    if (await Promise.race([running.ended.then(isTrue), passing(this.#patience.closeMax)])) return
    this.#abandon(running)
  }

  #run(): Promise<Running<Theirs, Ours>> {
    return (this.#running ??= this.#begin())
  }

  /** Again and again until it has begun, or nobody wants it any more. */
  async #begin(): Promise<Running<Theirs, Ours>> {
    const { log, name } = this.#options
    for (;;) {
      const { signal } = this.#closing
      if (this.#stuck.size >= stuckMax) await Promise.race([...this.#stuck, aborted(signal)])
      if (signal.aborted) throw new Error(`${name} is not begun any more: the daemon is stopping`)
      this.#attempt = this.#once()
      try {
        return await this.#attempt
      } catch (error) {
        log.error({ why: messageOf(error) }, `${name} does not begin; it is tried again`)
        await sleep(this.#patience.again)
      }
    }
  }

  async #once(): Promise<Running<Theirs, Ours>> {
    const running = (this.#hired = this.#hire())
    const begun = running.line.ask('begin', undefined as never).then(isTrue)
    try {
      if (!(await Promise.race([begun, passing(this.#patience.lifeMax)]))) {
        throw new Error('it does not answer')
      }
    } catch (error) {
      this.#abandon(running)
      throw error
    }
    running.hasBegun = true
    void this.#watch(running)
    return running
  }

  #hire(): Running<Theirs, Ours> {
    const { name, program, start, handlers, youngMegabytes } = this.#options
    const ledger = new SocketLedger()
    const begin = () => new Worker(program, { workerData: start(ledger.shared) })
    const worker = beginWithYoungHeap(youngMegabytes, begin)
    const line = new ThreadLine<Theirs, Ours>(worker, handlers)
    let why = 'it ended'
    worker.on('error', error => {
      why = messageOf(error)
    })
    const ended = new Promise<string>(resolve => {
      worker.once('exit', () => {
        // They are closed whatever is said (close(2)).
        for (const fd of ledger.takeAll()) closeFd(fd, () => {})
        line.end(`${name}: ${why}`)
        resolve(why)
      })
    })
    return { line, worker, ended, hasBegun: false }
  }

  /** In the midst of whatever it does. It may never end, so nobody waits for that. */
  #abandon({ line, worker, ended }: Running<Theirs, Ours>): void {
    line.end(`${this.#options.name} does not answer`)
    void worker.terminate()
    this.#stuck.add(ended)
    void ended.then(() => this.#stuck.delete(ended))
  }

  async #watch(running: Running<Theirs, Ours>): Promise<void> {
    const { log, name } = this.#options
    const why = await this.#endOf(running)
    this.#running = undefined
    this.#attempt = undefined
    if (this.#closing.signal.aborted) return
    log.error({ why }, `${name} has ended; another one begins`)
    await sleep(this.#patience.again, undefined, { ref: false })
    await this.#run().catch(() => {})
  }

  /** Resolves with the cause when it has ended, or is abandoned. */
  async #endOf(running: Running<Theirs, Ours>): Promise<string> {
    const { lifeEvery, lifeMax } = this.#patience
    // One for all rounds: each race with a promise that lives as long as the thread would stay in its memory.
    const over = new AbortController()
    void running.ended.then(() => over.abort())
    while (await passing(lifeEvery, over.signal).then(isTrue, isFalse)) {
      const answered = running.line.ask('live', undefined as never).then(isTrue, isTrue)
      if (await Promise.race([answered, passing(lifeMax)])) continue
      this.#abandon(running)
      return 'it does not answer'
    }
    return running.ended
  }
}

const isTrue = () => true
const isFalse = () => false

/** It is no reason to go on living. Rejects when the signal comes first. */
function passing(ms: number, signal?: AbortSignal): Promise<false> {
  return sleep(ms, false, { ref: false, ...(signal !== undefined && { signal }) })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
