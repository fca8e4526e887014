// A client that keeps its connection, over plain system calls: it shares two cores with the daemon, so
// what it costs itself is taken from what is measured.

import * as libc from './libc.ts'
import { RequestFrame, type Verb } from './request-frame.ts'

const headerBytes = 4
const answerBytesMax = 64 * 1024
const unixDomain = 1
const stream = 1

export class KeptConnection {
  readonly descriptor: number
  readonly #frame: RequestFrame
  readonly #answer = Buffer.alloc(answerBytesMax)
  #received = 0
  #hasAnswer = false

  constructor(socketPath: string, netns: string, conf: string, args?: string) {
    this.#frame = new RequestFrame(netns, conf, args)
    this.descriptor = libc.succeed('socket', libc.socket(unixDomain, stream | libc.O_CLOEXEC, 0))
    const address = Buffer.concat([Buffer.from([unixDomain, 0]), libc.cString(socketPath)])
    libc.succeed('connect', libc.connect(this.descriptor, address, address.length))
  }

  /** Acknowledge the answer before, if there was one, and ask the next. */
  send(verb: Verb, containerId: string): void {
    this.#frame.fill(verb, containerId)
    const skipped = this.#hasAnswer ? 0 : RequestFrame.acknowledgementBytes
    this.#hasAnswer = false
    this.#received = 0
    this.#write(this.#frame.bytes.subarray(skipped))
  }

  /** The last answer counts. */
  acknowledge(): void {
    if (this.#hasAnswer) {
      this.#write(this.#frame.bytes.subarray(0, RequestFrame.acknowledgementBytes))
    }
    this.#hasAnswer = false
  }

  /** Read what has come, or wait for it; true when the answer is there. Throws for one that is no success. */
  receive(): boolean {
    const room = this.#answer.subarray(this.#received)
    const size = libc.succeed('read', libc.read(this.descriptor, room, room.length))
    if (size === 0) throw new Error('the daemon has closed the connection')
    this.#received += size
    if (this.#received < headerBytes) return false
    if (this.#received < headerBytes + this.#answer.readUInt32BE(0)) return false
    // [v, status, body]: an array head, 1, the status.
    if (this.#answer[headerBytes + 2] !== 0) {
      throw new Error(`refused: ${this.#answer.toString('utf8', headerBytes + 3, this.#received)}`)
    }
    this.#hasAnswer = true
    return true
  }

  /** One request from before the write to after the read, in microseconds. */
  time(verb: Verb, containerId: string): number {
    const started = process.hrtime.bigint()
    this.send(verb, containerId)
    while (!this.receive());
    return Number(process.hrtime.bigint() - started) / 1_000
  }

  [Symbol.dispose](): void {
    this.acknowledge()
    libc.close(this.descriptor)
  }

  #write(bytes: Buffer): void {
    const written = libc.succeed('write', libc.write(this.descriptor, bytes, bytes.length))
    if (written !== bytes.length) throw new Error('the daemon does not read what it is sent')
  }
}
