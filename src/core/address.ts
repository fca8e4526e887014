// IP addresses as one totally ordered number line: IPv4 lives inside IPv6 at ::ffff:0:0/96
// (RFC 4291 section 2.5.5.2), so nothing above this file ever asks which family it handles.

import { isIPv4, isIPv6 } from 'node:net'
import { assert } from './assert.ts'

declare const brand: unique symbol

/** A 128-bit IP address. An IPv4 address is its IPv4-mapped IPv6 number. */
export type Address = bigint & { readonly [brand]: 'Address' }

export type Family = 4 | 6

export const families: readonly Family[] = [4, 6]

/** The first number of the IPv4 part of the line; it is 2^32 numbers long. */
export const ipv4Base = 0xffff00000000n
const ipv4End = 0x1000000000000n
const lineEnd = 1n << 128n

export function isAddress(value: bigint): value is Address {
  return value >= 0n && value < lineEnd
}

/** Treat a number as an address; a number off the line is a mistake of ours. */
export function toAddress(value: bigint): Address {
  assert(isAddress(value), `${value} is no 128-bit address`)
  return value
}

export function familyOf(address: Address): Family {
  return address >= ipv4Base && address < ipv4End ? 4 : 6
}

/** How many bits an address of this family has: the largest prefix length. */
export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128
}

/** Read `10.0.0.1`, `fd00::1` or `::ffff:10.0.0.1` (which is 10.0.0.1). Undefined when it is none. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return toAddress(ipv4Base + parseIpv4(text))
  if (!isIPv6(text) || text.includes('%')) return undefined
  return toAddress(parseIpv6(text))
}

function parseIpv4(text: string): bigint {
  let value = 0
  for (const octet of text.split('.')) value = value * 256 + Number(octet)
  return BigInt(value)
}

function parseIpv6(text: string): bigint {
  const [head = '', tail] = text.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const zeros = Array<bigint>(8 - left.length - right.length).fill(0n)
  return [...left, ...zeros, ...right].reduce((value, group) => (value << 16n) | group, 0n)
}

function groupsOf(text: string): bigint[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)]
    const ipv4 = parseIpv4(group)
    return [ipv4 >> 16n, ipv4 & 0xffffn]
  })
}

/** The canonical text: dotted quads for IPv4, RFC 5952 for IPv6. */
export function formatAddress(address: Address): string {
  if (familyOf(address) === 4) {
    const value = Number(address - ipv4Base)
    return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
  }
  const groups = [96n, 64n, 32n, 0n].flatMap(shift => {
    const two = Number((address >> shift) & 0xffffffffn)
    return [(two >>> 16).toString(16), (two & 0xffff).toString(16)]
  })
  const gap = longestZeroRun(groups)
  if (gap.length < 2) return groups.join(':')
  const head = groups.slice(0, gap.start).join(':')
  const tail = groups.slice(gap.start + gap.length).join(':')
  return `${head}::${tail}`
}

function longestZeroRun(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [i, group] of groups.entries()) {
    if (group !== '0') start = i + 1
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start }
  }
  return best
}

/** 4 or 16 bytes in network order: how addresses are stored and sent. */
export function addressToBytes(address: Address): Uint8Array {
  if (familyOf(address) === 4) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(Number(address - ipv4Base))
    return bytes
  }
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64BE(address >> 64n)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, address), 8)
  return bytes
}

/** The reverse of `addressToBytes`; undefined unless there are exactly 4 or 16 bytes. */
export function addressFromBytes(bytes: Uint8Array): Address | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length === 4) return toAddress(ipv4Base + BigInt(view.getUint32(0)))
  if (bytes.length !== 16) return undefined
  return toAddress((view.getBigUint64(0) << 64n) | view.getBigUint64(8))
}
