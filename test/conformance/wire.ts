// The line between plugin and daemon, spoken by hand: one end of it, or somebody in the middle.

import { readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Packr } from 'msgpackr'

const packr = new Packr({ useRecords: false })
const headerBytes = 4

export type Message = Record<string, unknown>
export type Answer = readonly [v: number, status: number, body: string | Buffer, ...rest: unknown[]]

/** CLOCK_BOOTTIME in nanoseconds, at most ten milliseconds behind. */
export function bootTime(): bigint {
  return process.hrtime.bigint() + bootOffset
}

const bootOffset =
  BigInt(Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100)) *
    10_000_000n -
  process.hrtime.bigint()

/** Without the length before it. */
export function encode(message: unknown): Buffer {
  return packr.pack(message)
}

export function frame(body: Uint8Array): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32BE(body.length)
  return Buffer.concat([header, body])
}

export function decode(body: Buffer): unknown {
  return packr.unpack(body)
}

/** A request as the plugin makes it. */
export function requestOf(verb: string, fields: Message): Message {
  const empty = Buffer.alloc(0)
  const env = { cid: empty, netns: empty, ifname: empty, args: empty, path: empty }
  return { v: 1, role: 'orbweaver', verb, ...env, start: bootTime(), budget: 10_000, ...fields }
}

/** One connection of a plugin that is no program. */
export class Client implements Disposable {
  readonly #socket: Socket
  readonly #frames: AsyncIterator<Buffer>

  constructor(path: string) {
    this.#socket = connect(path)
    this.#socket.on('error', () => {})
    this.#frames = framesOf(this.#socket)
  }

  async ask(request: unknown): Promise<Answer | undefined> {
    this.send(frame(encode(request)))
    return this.receive()
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Undefined when the connection ended instead. */
  async receive(): Promise<Answer | undefined> {
    const { value, done } = await this.#frames.next()
    return done === true ? undefined : (decode(value) as Answer)
  }

  acknowledge(): void {
    this.send(frame(new Uint8Array()))
  }

  /** Ask and acknowledge. */
  async settle(request: unknown): Promise<Answer | undefined> {
    const answer = await this.ask(request)
    this.acknowledge()
    return answer
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** What somebody in the middle may do to each frame before it goes on; an empty body is the acknowledgement. */
export interface Hooks {
  onRequest?: (body: Buffer) => Promise<Buffer> | Buffer
  onAnswer?: (body: Buffer) => Promise<Buffer> | Buffer
}

/** Listens where the plugin looks for the daemon and hands frames on, one by one and in order. */
export class Middleman implements AsyncDisposable {
  static async listen(path: string, daemonSocket: string): Promise<Middleman> {
    const middleman = new Middleman(daemonSocket)
    await new Promise<void>((resolve, reject) => {
      middleman.#server.on('error', reject)
      middleman.#server.listen(path, resolve)
    })
    return middleman
  }

  hooks: Hooks = {}
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(daemonSocket: string) {
    this.#server = createServer(client => {
      const daemon = connect(daemonSocket)
      for (const [socket, other] of [
        [client, daemon],
        [daemon, client]
      ] as const) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
      }
      const { hooks } = this
      void relay(client, daemon, hooks.onRequest)
      void relay(daemon, client, hooks.onAnswer)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

async function relay(from: Socket, to: Socket, hook: Hooks['onRequest']): Promise<void> {
  for await (const body of framesOf(from)) {
    const onward = hook === undefined || body.length === 0 ? body : await hook(body)
    if (!to.destroyed) to.write(frame(onward))
  }
  to.end()
}

async function* framesOf(socket: Socket): AsyncGenerator<Buffer, void> {
  let pending = Buffer.alloc(0)
  try {
    for await (const chunk of socket) {
      pending = Buffer.concat([pending, chunk as Buffer])
      for (;;) {
        if (pending.length < headerBytes) break
        const end = headerBytes + pending.readUInt32BE()
        if (pending.length < end) break
        yield pending.subarray(headerBytes, end)
        pending = pending.subarray(end)
      }
    }
  } catch {
    // The connection was torn down: no more frames, which is all that matters here.
  }
}
