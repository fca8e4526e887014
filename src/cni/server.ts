// The socket where plugins ask. One request at a time on a connection; an ADD counts as delivered when the
// plugin confirms that it printed the answer, and is taken back when the connection ends before that.

import { createServer, type Socket } from 'node:net'
import { pack } from 'msgpackr'
import type { Abandon, Deliver } from '../actors/messages/allocator.ts'
import type { AttachmentKey } from '../core/attachment.ts'
import type { ClientId } from '../core/deliveries.ts'
import { messageOf } from '../core/error-text.ts'
import type { Listen } from '../ports/listen.ts'
import type { Log } from '../ports/log.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { FrameReader, frameOf } from './frame.ts'
import { versionForErrors } from './net-conf.ts'
import { decodeRequest, type PluginRequest } from './plugin-request.ts'
import type { Service } from './service.ts'
import type { Asker } from './verbs.ts'

/** A plugin sends one request; a client that keeps its connection waits for each answer. */
const queuedFramesMax = 2

/** Many times the pods of a node; the next one is refused and its plugin tries again. */
const connectionsMax = 4_096

/** How long a stop waits for what was accepted. */
const drainMsMax = 10_000

export interface CniServer {
  /** Accept nothing more, finish what was accepted, and end. */
  stop(): Promise<void>
}

/** What is done at a socket. */
export interface Desk extends Pick<Service, 'clock' | 'chronicle'> {
  /** Who hears what became of addresses that somebody was told; absent where nobody is told any. */
  readonly allocator?: Service['allocator']
  /** What the plugin prints. Rejects with CniError, or with anything else when no answer can be given. */
  readonly carryOut: (request: PluginRequest, asker: Asker) => Promise<string>
}

/** Serve plugins at `path`. Rejects when nobody can listen there. */
export async function serveCni(
  path: string,
  listen: Listen,
  desk: Desk,
  log: Log
): Promise<CniServer> {
  const connections = new Set<Connection>()
  let lastClient = 0
  const server = createServer(socket => {
    const nextClient = () => (lastClient += 1)
    const connection = new Connection(socket, desk, log, nextClient)
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  })
  server.maxConnections = connectionsMax
  await listen(server, path)
  return {
    stop: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const connection of connections) connection.finish()
      const timeout = setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, drainMsMax)
      await closed
      clearTimeout(timeout)
    }
  }
}

class Connection {
  readonly #socket: Socket
  readonly #desk: Desk
  readonly #log: Log
  readonly #nextClient: () => ClientId
  readonly #reader = new FrameReader()
  readonly #waiting: Buffer[] = []
  #isBusy = false
  #isFinishing = false
  /** What this client was told last, or may be told any moment, and has not confirmed yet. */
  #told: { readonly key: AttachmentKey; readonly client: ClientId } | undefined

  constructor(socket: Socket, desk: Desk, log: Log, nextClient: () => ClientId) {
    this.#socket = socket
    this.#desk = desk
    this.#log = log
    this.#nextClient = nextClient
    socket.on('data', chunk => this.#onData(chunk))
    // The plugin never closes its half early: an end means that the client is gone, and since it comes after
    // all that was sent, that there was no confirmation. Of a connection that we end ourselves, a
    // confirmation may still be on its way, so nothing is taken back for it.
    socket.once('end', () => {
      this.#abandon()
      this.destroy()
    })
    socket.on('error', error => {
      log.debug({ error }, 'a client broke its connection')
      this.#abandon()
    })
  }

  finish(): void {
    this.#isFinishing = true
    if (!this.#isBusy && this.#told === undefined) this.destroy()
  }

  destroy(): void {
    // What was not answered yet cannot be confirmed either.
    if (this.#isBusy) this.#abandon()
    this.#socket.destroy()
  }

  #onData(chunk: Buffer): void {
    try {
      this.#waiting.push(...this.#reader.read(chunk))
    } catch (error) {
      this.#log.warn({ error }, 'a connection is ended: it does not speak as a plugin does')
      return this.destroy()
    }
    const confirmsUnanswered = this.#isBusy && this.#waiting.some(frame => frame.length === 0)
    if (this.#waiting.length > queuedFramesMax || confirmsUnanswered) return this.destroy()
    this.#proceed()
  }

  #proceed(): void {
    if (this.#isBusy || this.#socket.destroyed) return
    const frame = this.#waiting.shift()
    if (frame === undefined) {
      if (this.#isFinishing && this.#told === undefined) this.destroy()
      return
    }
    if (frame.length === 0) {
      this.#confirm()
      return this.#proceed()
    }
    this.#abandon()
    this.#isBusy = true
    void this.#answer(frame)
  }

  async #answer(frame: Buffer): Promise<void> {
    const client = this.#nextClient()
    const { clock, chronicle } = this.#desk
    const arrived = clock.monotonicMs()
    let asked: number | undefined
    const onAllocate = (key: AttachmentKey) => {
      this.#told = { key, client }
      asked = clock.monotonicMs()
    }
    let request: PluginRequest | undefined
    let code: number | undefined
    try {
      request = decodeRequest(frame)
      this.#send(0, await this.#desk.carryOut(request, { client, onAllocate }))
      code = 0
    } catch (error) {
      this.#told = undefined
      code = this.#fail(error, request)
    }
    const now = clock.monotonicMs()
    const answered = {
      ...{ verb: request?.verb ?? '', code, ms: now - arrived },
      ...(request?.trace !== undefined && { trace: request.trace.traceId })
    }
    chronicle.note({ type: 'Answered', ...answered, decidingMs: now - (asked ?? arrived) })
    if (request?.trace?.isSampled === true) {
      const { containerId, ifname, trace } = request
      const about = { containerId, ifname, parentSpan: trace.spanId }
      const ms = Math.round(answered.ms * 1_000) / 1_000
      this.#log.info({ ...answered, ms, ...about }, 'a request of a trace was answered')
    }
    this.#isBusy = false
    this.#proceed()
  }

  #send(status: 0 | 1, text: string): void {
    if (!this.#socket.destroyed) this.#socket.write(frameOf(pack([1, status, text])))
  }

  /** The code of the answer; undefined when there is none. */
  #fail(error: unknown, request: PluginRequest | undefined): number | undefined {
    if (error instanceof CniError) {
      this.#send(1, error.toJson(request && versionForErrors(request.conf)))
      return error.code
    }
    this.#log.error({ error, verb: request?.verb }, 'a request could not be answered')
    // Without an answer the plugin puts a DEL into its queue, where nothing is lost.
    if (request === undefined || request.verb === 'DEL') {
      this.destroy()
      return undefined
    }
    this.#send(1, internalError(error).toJson())
    return cniCodes.internal
  }

  #confirm(): void {
    if (this.#told === undefined) return
    const { key, client } = this.#told
    this.#told = undefined
    this.#tell({ type: 'Deliver', key, client })
  }

  #abandon(): void {
    if (this.#told === undefined) return
    const { key, client } = this.#told
    this.#told = undefined
    this.#tell({ type: 'Abandon', key, client })
  }

  #tell(message: Deliver | Abandon): void {
    const { allocator } = this.#desk
    if (allocator !== undefined && !('why' in allocator)) allocator.insist(message)
  }
}

function internalError(error: unknown): CniError {
  return new CniError(
    cniCodes.internal,
    'orbweaverd met an error of its own; see its log on this node',
    messageOf(error)
  )
}
