// Reads what the kernel answers (netlink(7)). Every length is compared with what surrounds it, so that nothing is
// read from beside a message, whatever it says.

import { type Address, addressFromBytes } from '../../core/address.ts'
import { type Mac, macBytes, macFromBytes } from '../../core/link/mac.ts'
import { aligned, attributeBytes, headerBytes } from './alignment.ts'

/** The bits of an attribute's type that are flags: NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const typeMask = 0x3fff

/** The kernel does not send such things; a program that reads on would make something up. */
export class MalformedMessageError extends Error {
  constructor(what: string) {
    super(`a message of the kernel is malformed: ${what}`)
    this.name = new.target.name
  }
}

/** One message: where its content lies in the buffer it arrived in. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/** The messages of one datagram. Throws `MalformedMessageError`. */
export function messagesIn(buffer: Buffer, size: number): Message[] {
  const messages: Message[] = []
  for (let at = 0; at < size;) {
    if (size - at < headerBytes) throw new MalformedMessageError('a header is cut off')
    const length = buffer.readUInt32LE(at)
    if (length < headerBytes || length > size - at) {
      throw new MalformedMessageError(`${length} bytes of ${size - at}`)
    }
    messages.push({
      type: buffer.readUInt16LE(at + 4),
      flags: buffer.readUInt16LE(at + 6),
      sequence: buffer.readUInt32LE(at + 8),
      buffer,
      start: at + headerBytes,
      end: at + length
    })
    at += aligned(length)
  }
  return messages
}

/** The fixed part at the beginning of a message, of which `size` bytes are needed. */
export function fixedPart(message: Message, size: number): number {
  if (message.end - message.start < size) throw new MalformedMessageError('it is too short')
  return message.start
}

/** The attributes behind the fixed part of a message. */
export function attributesAfter(message: Message, fixedBytes: number): Attributes {
  const start = fixedPart(message, fixedBytes) + aligned(fixedBytes)
  return new Attributes(message.buffer, start, message.end)
}

/** Each is looked for when it is asked for: messages are short, and most of what they say nobody wants. */
export class Attributes {
  readonly buffer: Buffer
  readonly #start: number
  readonly #end: number

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer
    this.#start = start
    this.#end = end
  }

  has(type: number): boolean {
    return this.#find(type) >= 0
  }

  u8(type: number): number | undefined {
    const at = this.#find(type, 1)
    return at < 0 ? undefined : this.buffer.readUInt8(at)
  }

  u16(type: number): number | undefined {
    const at = this.#find(type, 2)
    return at < 0 ? undefined : this.buffer.readUInt16LE(at)
  }

  u32(type: number): number | undefined {
    const at = this.#find(type, 4)
    return at < 0 ? undefined : this.buffer.readUInt32LE(at)
  }

  /** Up to its terminating zero. */
  text(type: number): string | undefined {
    const bytes = this.bytes(type)
    if (bytes === undefined) return undefined
    const zero = bytes.indexOf(0)
    return bytes.toString('utf8', 0, zero < 0 ? bytes.length : zero)
  }

  /** A view of the buffer, which the next message overwrites. */
  bytes(type: number): Buffer | undefined {
    const at = this.#find(type)
    if (at < 0) return undefined
    return this.buffer.subarray(at, at - attributeBytes + this.buffer.readUInt16LE(at - 4))
  }

  /** Is its value these bytes? Most often not, and then they mostly differ at their end. */
  holds(type: number, bytes: Uint8Array): boolean {
    const at = this.#find(type)
    if (at < 0 || this.buffer.readUInt16LE(at - attributeBytes) !== attributeBytes + bytes.length)
      return false
    for (let i = bytes.length - 1; i >= 0; i -= 1) {
      if (this.buffer[at + i] !== bytes[i]) return false
    }
    return true
  }

  mac(type: number): Mac | undefined {
    const bytes = this.bytes(type)
    return bytes?.length === macBytes ? macFromBytes(bytes) : undefined
  }

  /** Of the family that its length says. */
  address(type: number): Address | undefined {
    const bytes = this.bytes(type)
    if (bytes === undefined) return undefined
    const address = addressFromBytes(bytes)
    if (address === undefined)
      throw new MalformedMessageError(`${bytes.length} bytes of an address`)
    return address
  }

  nested(type: number): Attributes | undefined {
    const bytes = this.bytes(type)
    return bytes === undefined ? undefined : Attributes.of(bytes)
  }

  /** All of some bytes are attributes. */
  static of(bytes: Buffer): Attributes {
    return new Attributes(bytes, 0, bytes.length)
  }

  /** Is there any of another type? */
  hasOtherThan(known: ReadonlySet<number>): boolean {
    let step: number
    for (let at = this.#start; at < this.#end; at += step) {
      step = this.#sizeAt(at)
      if (!known.has(this.buffer.readUInt16LE(at + 2) & typeMask)) return true
    }
    return false
  }

  /** The types that are there, in their order. */
  *types(): Generator<number> {
    let step: number
    for (let at = this.#start; at < this.#end; at += step) {
      step = this.#sizeAt(at)
      yield this.buffer.readUInt16LE(at + 2) & typeMask
    }
  }

  /** Those of one type, one behind the other, as lists are told. */
  *all(type: number): Generator<Buffer> {
    let step: number
    for (let at = this.#start; at < this.#end; at += step) {
      step = this.#sizeAt(at)
      if ((this.buffer.readUInt16LE(at + 2) & typeMask) !== type) continue
      yield this.buffer.subarray(at + attributeBytes, at + this.buffer.readUInt16LE(at))
    }
  }

  /** Where its value begins; -1 when it is not there. */
  #find(type: number, sizeMin = 0): number {
    let step: number
    for (let at = this.#start; at < this.#end; at += step) {
      step = this.#sizeAt(at)
      if ((this.buffer.readUInt16LE(at + 2) & typeMask) !== type) continue
      if (this.buffer.readUInt16LE(at) < attributeBytes + sizeMin)
        throw new MalformedMessageError(`attribute ${type}`)
      return at + attributeBytes
    }
    return -1
  }

  /** From this attribute to the next one. Throws when it does not lie within its message. */
  #sizeAt(at: number): number {
    if (this.#end - at < attributeBytes) throw new MalformedMessageError('an attribute is cut off')
    const length = this.buffer.readUInt16LE(at)
    if (length < attributeBytes || length > this.#end - at) {
      throw new MalformedMessageError(`an attribute of ${length} bytes in ${this.#end - at}`)
    }
    return aligned(length)
  }
}
