// The daemon's end of the line of docs/wire.md, as small as can be: it records what comes and answers what it
// is told to.

import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { pack, unpack } from 'msgpackr'

export interface WireRequest {
  readonly v: number
  readonly role: string
  readonly verb: string
  readonly cid: Buffer
  readonly netns: Buffer
  readonly ifname: Buffer
  readonly args: Buffer
  readonly path: Buffer
  readonly trace: Buffer
  readonly start: number | bigint
  readonly budget: number
  readonly boot?: string
  readonly conf: Buffer
}

/** One connection of a plugin, with what has happened on it so far. */
export class Conversation {
  readonly request: WireRequest
  readonly socket: Socket
  /** Resolves when the plugin has gone: did it acknowledge? Anything but an empty frame after the answer throws. */
  readonly acknowledged: Promise<boolean>

  constructor(request: WireRequest, socket: Socket, acknowledged: Promise<boolean>) {
    this.request = request
    this.socket = socket
    this.acknowledged = acknowledged
  }

  answer(body: object | string | Buffer, status = 0): void {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    this.socket.write(frame(pack([1, status, text])))
  }
}

export type Behaviour = (conversation: Conversation) => void | Promise<void>

export function frame(content: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}

export class FakeDaemon {
  readonly conversations: Conversation[] = []
  readonly #path: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #failures: unknown[] = []

  private constructor(path: string, behave: Behaviour) {
    this.#path = path
    this.#server = createServer(socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      this.#converse(socket, behave).catch((error: unknown) => this.#failures.push(error))
    })
  }

  static async start(path: string, behave: Behaviour): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(path, behave)
    rmSync(path, { force: true })
    daemon.#server.listen(path)
    await once(daemon.#server, 'listening')
    return daemon
  }

  /** The only conversation that there was. */
  get conversation(): Conversation {
    const [first, ...others] = this.conversations
    if (first === undefined || others.length > 0) {
      throw new Error(`there were ${this.conversations.length} conversations`)
    }
    return first
  }

  /** Stop, with every connection cut; throws what went wrong in a conversation. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server.listening) {
      this.#server.close()
      await once(this.#server, 'close')
    }
    rmSync(this.#path, { force: true })
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, 'in a conversation')
  }

  async #converse(socket: Socket, behave: Behaviour): Promise<void> {
    const ended = Promise.withResolvers<boolean>()
    let received = Buffer.alloc(0)
    let conversation: Conversation | undefined
    const complete = Promise.withResolvers<void>()
    socket.on('error', () => {}) // a plugin that was killed; `close` follows
    socket.on('close', () => {
      complete.resolve()
      if (received.length === 0) ended.resolve(false)
      else if (received.equals(Buffer.alloc(4))) ended.resolve(true)
      else ended.reject(new Error(`instead of an acknowledgement: ${received.toString('hex')}`))
    })
    ended.promise.catch(() => {}) // whoever awaits it is told
    socket.on('data', data => {
      received = Buffer.concat([received, data])
      if (conversation !== undefined || received.length < 4) return
      const end = 4 + received.readUInt32BE()
      if (received.length < end) return
      const request = unpack(received.subarray(4, end)) as WireRequest
      received = received.subarray(end)
      conversation = new Conversation(request, socket, ended.promise)
      this.conversations.push(conversation)
      complete.resolve()
    })
    await complete.promise
    if (conversation !== undefined) await behave(conversation)
  }
}
