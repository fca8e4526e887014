// The way out to one peer on one channel: an outbox, and one long-lived stream while there is something to say.

import { messageStreamToDuplex } from '@libp2p/utils'
import { pipe } from 'it-pipe'
import { messageOf } from '../core/error-text.ts'
import type { Connection, Stream } from './libp2p-node.ts'
import { framed } from './frames.ts'
import { lastWordsMs, outboxWaitMs, reopenMs, streamMs } from './mesh-limits.ts'
import { Outbox } from './outbox.ts'
import type { Surroundings } from './surroundings.ts'

export interface LinkOptions {
  readonly peer: string
  readonly protocol: string
  /** Rejects when there is no connection to be had. */
  readonly connect: (peer: string) => Promise<Connection>
}

export class Link {
  readonly #around: Surroundings
  readonly #options: LinkOptions
  readonly #outbox: Outbox
  #isOpen = false
  #current: AbortController | undefined
  #cancelRetry: (() => void) | undefined
  #isStopped = false

  constructor(around: Surroundings, options: LinkOptions) {
    this.#around = around
    this.#options = options
    this.#outbox = new Outbox(around.clock)
  }

  get dropped(): number {
    return this.#outbox.dropped
  }

  /** Nothing waits and nothing is open, so nobody needs to remember this link. */
  get isIdle(): boolean {
    return !this.#isOpen && this.#outbox.isEmpty
  }

  send(frame: Uint8Array): void {
    if (this.#isStopped) return
    this.#outbox.push(frame)
    if (!this.#isOpen && this.#cancelRetry === undefined) void this.#run()
  }

  /** There is a new connection: what waits goes there, since an older one may be dead. */
  renew(): void {
    this.#current?.abort()
    if (this.#isOpen || this.#outbox.isEmpty) return
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    void this.#run()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelRetry?.()
    this.#current?.abort()
    this.#outbox.clear()
  }

  async #run(): Promise<void> {
    this.#isOpen = true
    try {
      const connection = await this.#options.connect(this.#options.peer)
      const signal = AbortSignal.timeout(streamMs)
      await this.#write(await connection.newStream(this.#options.protocol, { signal }))
    } catch (error) {
      const { peer, protocol } = this.#options
      this.#around.log.debug({ peer, protocol, problem: messageOf(error) }, 'stream ended')
    }
    this.#isOpen = false
    this.#current = undefined
    this.#retry()
  }

  /** Until the stream ends, or a newer connection is there. */
  async #write(stream: Stream): Promise<void> {
    const current = new AbortController()
    if (this.#isStopped) {
      stream.abort(new Error('the mesh stops'))
      return
    }
    this.#current = current
    stream.addEventListener('close', () => current.abort(), { once: true })
    stream.addEventListener('remoteCloseWrite', () => current.abort(), { once: true })
    const outbox = this.#outbox
    const piping = pipe(
      async function* () {
        for await (const frames of outbox.leave(current.signal)) yield framed(frames)
      },
      messageStreamToDuplex(stream),
      async source => {
        // Nothing comes back on this stream; whoever sends all the same would fill the memory.
        for await (const _ of source) stream.abort(new Error('a one-way stream'))
      }
    )
    const given = new Promise<void>(resolve => {
      current.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    try {
      await Promise.race([piping, given])
    } finally {
      current.abort()
      piping.catch(() => {})
      // What has left may still be on its way; a peer that is gone takes it never.
      this.#around.clock.after(lastWordsMs, () => {
        if (stream.status === 'open' || stream.status === 'closing') {
          stream.abort(new Error('the stream is given up'))
        }
      })
    }
  }

  #retry(): void {
    this.#outbox.expire()
    if (this.#isStopped || this.#outbox.isEmpty) return
    const delay = Math.min(outboxWaitMs, reopenMs * (0.5 + this.#around.random.next()))
    this.#cancelRetry = this.#around.clock.after(delay, () => {
      this.#cancelRetry = undefined
      this.#outbox.expire()
      if (!this.#outbox.isEmpty) void this.#run()
    })
  }
}
