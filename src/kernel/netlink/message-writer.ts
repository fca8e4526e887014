// Writes netlink messages (netlink(7), linux/netlink.h): a header, a fixed part, then attributes of type and length.
// All of it lies at multiples of four bytes and in the order of the machine, which for every Node is little endian.

import type { Address, Family } from '../../core/address.ts'
import { assert } from '../../core/assert.ts'
import { type Mac, macToBytes } from '../../core/link/mac.ts'
import { aligned, attributeBytes, headerBytes, hopBytes } from './alignment.ts'
import { bytesOf } from './family-codes.ts'

/** NLM_F_*. */
export const flags = {
  request: 0x1,
  acknowledge: 0x4,
  replace: 0x100,
  exclusive: 0x200,
  dump: 0x300,
  create: 0x400,
  append: 0x800
} as const

/** NLA_F_NESTED. */
const nested = 0x8000

/** In bytes: far more than any message of this program; the kernel itself accepts more. */
const sizeUsual = 64 * 1024

export class MessageWriter {
  readonly #buffer: Buffer
  #end = 0
  #message = 0

  constructor(sizeMax = sizeUsual) {
    this.#buffer = Buffer.alloc(sizeMax)
  }

  /** What has been written since `clear`; valid until the next call. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#end)
  }

  clear(): void {
    this.#end = 0
  }

  /** Begin the next message; several go to the kernel in one piece. */
  begin(type: number, flagBits: number, sequence: number): void {
    this.#message = this.#end
    const at = this.room(headerBytes)
    this.#buffer.writeUInt16LE(type, at + 4)
    this.#buffer.writeUInt16LE(flags.request | flagBits, at + 6)
    this.#buffer.writeUInt32LE(sequence, at + 8)
  }

  /** After the last attribute of a message. */
  end(): void {
    this.#buffer.writeUInt32LE(this.#end - this.#message, this.#message)
  }

  /** Zeros for a fixed part; where they begin. */
  room(size: number): number {
    const at = this.#end
    const end = at + aligned(size)
    assert(end <= this.#buffer.length, 'a message to the kernel is short')
    this.#buffer.fill(0, at, end)
    this.#end = end
    return at
  }

  setU8(at: number, value: number): void {
    this.#buffer.writeUInt8(value, at)
  }

  setU16(at: number, value: number): void {
    this.#buffer.writeUInt16LE(value, at)
  }

  setU32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at)
  }

  u8(type: number, value: number): void {
    this.setU8(this.#attribute(type, 1), value)
  }

  u16(type: number, value: number): void {
    this.setU16(this.#attribute(type, 2), value)
  }

  u32(type: number, value: number): void {
    this.setU32(this.#attribute(type, 4), value)
  }

  /** In network order. */
  u32be(type: number, value: number): void {
    this.#buffer.writeUInt32BE(value, this.#attribute(type, 4))
  }

  u64be(type: number, value: bigint): void {
    this.#buffer.writeBigUInt64BE(value, this.#attribute(type, 8))
  }

  /** With its terminating zero. */
  text(type: number, text: string): void {
    const at = this.#attribute(type, Buffer.byteLength(text) + 1)
    this.#buffer.write(text, at)
  }

  bytes(type: number, bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#attribute(type, bytes.length))
  }

  mac(type: number, mac: Mac): void {
    this.bytes(type, macToBytes(mac))
  }

  address(type: number, address: Address, family: Family): void {
    this.bytes(type, bytesOf(address, family))
  }

  nest(type: number, write: () => void): void {
    const at = this.room(attributeBytes)
    write()
    this.#buffer.writeUInt16LE(this.#end - at, at)
    this.#buffer.writeUInt16LE(type | nested, at + 2)
  }

  /** One way of a route (struct rtnexthop), with its attributes. */
  hop(hop: { flags: number; weight: number; index: number }, write: () => void): void {
    const at = this.room(hopBytes)
    this.setU8(at + 2, hop.flags)
    this.setU8(at + 3, hop.weight - 1)
    this.setU32(at + 4, hop.index)
    write()
    this.setU16(at, this.#end - at)
  }

  #attribute(type: number, size: number): number {
    const at = this.room(attributeBytes + size)
    this.#buffer.writeUInt16LE(attributeBytes + size, at)
    this.#buffer.writeUInt16LE(type, at + 2)
    return at + attributeBytes
  }
}
