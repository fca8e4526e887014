// ICMPv6 messages in IPv6 packets, as far as neighbours talk: one fixed header, hop limit 255, a checksum.

import { type Address, addressFromBytes, addressToBytes, familyOf } from '../address.ts'

export interface Icmpv6 {
  readonly source: Address
  readonly destination: Address
  /** From the type on, with its checksum or room for it. */
  readonly message: Uint8Array
}

const headerBytes = 40
const nextHeader = 58
const messageBytesMin = 8
/** No router lets it through as it is, so a packet that has it comes from this link (RFC 4861 section 7.1). */
const hopLimit = 255

/** The packet with its checksum filled in. */
export function encodeIcmpv6({ source, destination, message }: Icmpv6): Uint8Array {
  const packet = Buffer.alloc(headerBytes + message.length)
  packet.writeUInt8(6 << 4, 0)
  packet.writeUInt16BE(message.length, 4)
  packet.writeUInt8(nextHeader, 6)
  packet.writeUInt8(hopLimit, 7)
  packet.set(addressToBytes(source), 8)
  packet.set(addressToBytes(destination), 24)
  packet.set(message, headerBytes)
  packet.writeUInt16BE(0, headerBytes + 2)
  packet.writeUInt16BE(checksumOf(packet), headerBytes + 2)
  return packet
}

/**
 * Undefined for what is cut off, damaged, or no message between neighbours. Whatever is behind the packet's
 * own length is padding. Extension headers are not followed: no neighbour discovery needs one (RFC 6980).
 */
export function parseIcmpv6(bytes: Uint8Array): Icmpv6 | undefined {
  if (bytes.length < headerBytes || (bytes[0] ?? 0) >> 4 !== 6) return undefined
  const length = ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0)
  if (bytes[6] !== nextHeader || bytes[7] !== hopLimit) return undefined
  if (length < messageBytesMin || bytes.length < headerBytes + length) return undefined
  const packet = bytes.subarray(0, headerBytes + length)
  const source = ipv6At(packet, 8)
  const destination = ipv6At(packet, 24)
  if (source === undefined || destination === undefined || checksumOf(packet) !== 0)
    return undefined
  return { source, destination, message: packet.subarray(headerBytes) }
}

/** An IPv4-mapped number is no address of a packet: read as one, it would speak for an IPv4 address. */
export function ipv6At(bytes: Uint8Array, offset: number): Address | undefined {
  const address = addressFromBytes(bytes.subarray(offset, offset + 16))
  return address !== undefined && familyOf(address) === 6 ? address : undefined
}

/** The ones' complement sum over pseudo header and message (RFC 8200 section 8.1); 0 when it is in place and right. */
function checksumOf(packet: Uint8Array): number {
  let sum = packet.length - headerBytes + nextHeader
  for (let i = 8; i < packet.length; i += 2) {
    sum += ((packet[i] ?? 0) << 8) | (packet[i + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
