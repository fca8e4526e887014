// A socket to the kernel (netlink(7)), asked and answered in one go: the kernel works while it is written to, and
// whoever is done with that finds the answer there. It belongs to the namespace it was opened in for good.

import { constants } from 'node:os'
import { assert } from '../../core/assert.ts'
import { close, recv, send, setsockopt, socket, succeed } from '../libc.ts'
import type { SocketLedger } from '../socket-ledger.ts'
import { errnoAtEnd, errnoIn, KernelRefusal, refusalAtEnd, refusalIn } from './kernel-refusal.ts'
import { MalformedMessageError, type Message, messagesIn } from './message-reader.ts'
import { flags, MessageWriter } from './message-writer.ts'

/** Protocols of netlink(7). */
export const netlinkProtocols = { route: 0, netfilter: 12 } as const

/** bits/socket.h. */
const [afNetlink, raw, closeOnExec] = [16, 3, 0o2000000]
const [dontWait, truncated] = [0x40, 0x20]
/** linux/netlink.h. */
const [solNetlink, capAck, extAck, strictCheck] = [270, 10, 11, 12]
const [error, done] = [2, 3]
const dumpInterrupted = 0x10

/** The kernel fills at most 32 KiB at a time with a list; a single answer is shorter still. */
const buffer = Buffer.alloc(64 * 1024)
const writer = new MessageWriter()
const yes = Buffer.from([1, 0, 0, 0])

/** A list that changes while it is told is told again; somebody who changes it without end must not keep us. */
const attemptsMax = 16

/** A refusal that is expected: the thing is not there. To throw it would take longer than all else of the question. */
export type Absence = keyof typeof constants.errno

/** Fills in the fixed part and the attributes of one message. */
export type Write = (message: MessageWriter) => void

export class NetlinkSocket {
  readonly #fd: number
  readonly #ledger: SocketLedger
  #sequence = 0
  /** The first message of what is being asked. */
  #first = 0

  constructor(protocol: number, ledger: SocketLedger) {
    this.#ledger = ledger
    this.#fd = succeed('socket', socket(afNetlink, raw | closeOnExec, protocol))
    ledger.add(this.#fd)
    // What older kernels do not know they do without: they say less, or tell more than was asked for.
    for (const option of [extAck, capAck, strictCheck]) {
      setsockopt(this.#fd, solNetlink, option, yes, yes.length)
    }
  }

  get fd(): number {
    return this.#fd
  }

  close(): void {
    this.#ledger.remove(this.#fd)
    close(this.#fd)
  }

  /** Tell it to do something. Throws `KernelRefusal`. */
  order(type: number, flagBits: number, write: Write): void {
    this.#send(type, flags.acknowledge | flagBits, write)
    this.#receive(message => message.type === error)
  }

  /** Several in one piece, which the kernel takes or leaves as a whole; one of them asks to be acknowledged. */
  transact(write: (message: MessageWriter, nextSequence: () => number) => void): void {
    writer.clear()
    this.#first = this.#sequence + 1
    write(writer, () => (this.#sequence += 1))
    this.#pass()
    this.#receive(message => message.type === error)
  }

  /** Ask for one thing; undefined when the kernel refuses for one of the reasons of `absent`. Throws `KernelRefusal`. */
  find<Value>(
    type: number,
    write: Write,
    read: (answer: Message) => Value,
    absent: readonly Absence[]
  ): Value | undefined {
    this.#send(type, 0, write)
    let value: Value | undefined
    this.#receive(message => {
      value = read(message)
      return true
    }, absent)
    return value
  }

  /**
   * Ask for a list; entries that are read as undefined are left out. It is empty when the kernel refuses for one of the
   * reasons of `absent`. Throws `KernelRefusal`.
   */
  list<Value>(
    type: number,
    write: Write,
    read: (entry: Message) => Value | undefined,
    absent: readonly Absence[] = []
  ): readonly Value[] {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const values = this.#listOnce(type, write, read, absent)
      if (values !== undefined) return values
    }
    throw new KernelRefusal(
      constants.errno.EAGAIN,
      `it changed ${attemptsMax} times while it was told`
    )
  }

  /** Undefined when the list changed meanwhile. */
  #listOnce<Value>(
    type: number,
    write: Write,
    read: (entry: Message) => Value | undefined,
    absent: readonly Absence[]
  ): readonly Value[] | undefined {
    this.#send(type, flags.dump, write)
    const values: Value[] = []
    let isWhole = true
    let failure: unknown
    this.#receive(message => {
      if ((message.flags & dumpInterrupted) !== 0) isWhole = false
      if (message.type === done) return true
      // It is read to its end all the same, since the next question would find the rest.
      try {
        const value = failure === undefined ? read(message) : undefined
        if (value !== undefined) values.push(value)
      } catch (thrown) {
        failure = thrown
      }
      return false
    }, absent)
    if (failure !== undefined) throw failure
    return isWhole ? values : undefined
  }

  #send(type: number, flagBits: number, write: Write): void {
    writer.clear()
    this.#first = this.#sequence += 1
    writer.begin(type, flagBits, this.#sequence)
    write(writer)
    writer.end()
    this.#pass()
  }

  #pass(): void {
    const { written } = writer
    const sent = succeed('send', send(this.#fd, written, written.length, 0))
    assert(sent === written.length, 'a message is sent whole or not at all')
  }

  /** To the message that `isLast`, or to an expected refusal; what is left of earlier questions is passed over. */
  #receive(isLast: (message: Message) => boolean, absent: readonly Absence[] = []): void {
    for (;;) {
      const size = succeed('recv', recv(this.#fd, buffer, buffer.length, dontWait | truncated))
      if (size > buffer.length) throw new MalformedMessageError(`${size} bytes at once`)
      for (const message of messagesIn(buffer, size)) {
        if (message.sequence < this.#first || message.sequence > this.#sequence) continue
        if (absent.length > 0 && isOneOf(absent, message)) return
        const refusal = refusalOf(message)
        if (refusal !== undefined) throw refusal
        if (isLast(message)) return
      }
    }
  }
}

function isOneOf(absent: readonly Absence[], message: Message): boolean {
  if (message.type !== error && message.type !== done) return false
  const errno = message.type === error ? errnoIn(message) : errnoAtEnd(message)
  return absent.some(one => constants.errno[one] === errno)
}

function refusalOf(message: Message): KernelRefusal | undefined {
  if (message.type === error) return refusalIn(message)
  return message.type === done ? refusalAtEnd(message) : undefined
}
