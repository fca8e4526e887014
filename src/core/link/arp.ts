// ARP over Ethernet for IPv4 (RFC 826), with the two forms of a request that RFC 5227 adds.

import { type Address, addressFromBytes, addressToBytes, familyOf, ipv4Base } from '../address.ts'
import { assert } from '../assert.ts'
import { encodeEthernet, ethernetBytes, etherType } from './ethernet.ts'
import { broadcastMac, type Mac, macFromBytes, macToBytes, namesSomebody, zeroMac } from './mac.ts'

export interface Arp {
  readonly type: 'Arp'
  readonly operation: 'Request' | 'Reply'
  readonly senderMac: Mac
  /** 0.0.0.0 in a probe. */
  readonly sender: Address
  readonly targetMac: Mac
  readonly target: Address
}

export const unspecifiedIpv4 = ipv4Base as Address

const arpBytes = 28
/** Hardware of type 1 (Ethernet) with 6 bytes, protocol IPv4 with 4 bytes. */
const kind = Uint8Array.of(0, 1, 8, 0, 6, 4)
const operations = { Request: 1, Reply: 2 } as const

/** What is after the Ethernet header. */
export function encodeArp(arp: Arp): Uint8Array {
  assert(familyOf(arp.sender) === 4 && familyOf(arp.target) === 4, 'ARP is for IPv4')
  const packet = Buffer.alloc(arpBytes)
  packet.set(kind, 0)
  packet.writeUInt16BE(operations[arp.operation], 6)
  packet.set(macToBytes(arp.senderMac), 8)
  packet.set(addressToBytes(arp.sender), 14)
  packet.set(macToBytes(arp.targetMac), 18)
  packet.set(addressToBytes(arp.target), 24)
  return packet
}

/** Undefined when it is cut off, of another kind, or says no hardware address of its sender. */
export function parseArp(packet: Uint8Array): Arp | undefined {
  if (packet.length < arpBytes || kind.some((byte, i) => packet[i] !== byte)) return undefined
  const operation = operationOf(((packet[6] ?? 0) << 8) | (packet[7] ?? 0))
  const senderMac = macFromBytes(packet.subarray(8, 14))
  const sender = addressFromBytes(packet.subarray(14, 18))
  const target = addressFromBytes(packet.subarray(24, 28))
  if (operation === undefined || sender === undefined || target === undefined) return undefined
  if (!namesSomebody(senderMac)) return undefined
  const targetMac = macFromBytes(packet.subarray(18, 24))
  return { type: 'Arp', operation, senderMac, sender, targetMac, target }
}

function operationOf(code: number): Arp['operation'] | undefined {
  if (code === operations.Request) return 'Request'
  return code === operations.Reply ? 'Reply' : undefined
}

/** Who has it? Asked without an address of one's own, so that nobody learns anything (RFC 5227 section 2.1.1). */
export function arpProbe(mac: Mac, target: Address): Uint8Array {
  return arpRequest(mac, unspecifiedIpv4, target)
}

/** Everybody who hears it learns the sender's address, so it must be the sender's for certain. */
export function arpRequest(mac: Mac, sender: Address, target: Address): Uint8Array {
  const operation = 'Request'
  const packet = encodeArp({
    ...{ type: 'Arp', operation, senderMac: mac, sender },
    ...{ targetMac: zeroMac, target }
  })
  return encodeEthernet({ destination: broadcastMac, source: mac, type: etherType.arp }, packet)
}

/** The address is here from now on (RFC 5227 section 2.3). */
export function arpAnnouncement(mac: Mac, address: Address): Uint8Array {
  return arpRequest(mac, address, address)
}

export const arpFrameBytes = ethernetBytes + arpBytes
