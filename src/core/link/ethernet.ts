// The first 14 bytes of every frame: to whom, from whom, of what kind.

import { type Mac, macBytes, macFromBytes, macToBytes } from './mac.ts'

export const ethernetBytes = 14

export const etherType = { arp: 0x0806, ipv6: 0x86dd } as const

export interface Ethernet {
  readonly destination: Mac
  readonly source: Mac
  /** Of a frame with a VLAN tag this is the tag's, 0x8100: nothing here reads those. */
  readonly type: number
}

/** The header with the packet behind it. */
export function encodeEthernet(
  { destination, source, type }: Ethernet,
  packet: Uint8Array
): Uint8Array {
  const frame = Buffer.alloc(ethernetBytes + packet.length)
  frame.set(macToBytes(destination), 0)
  frame.set(macToBytes(source), macBytes)
  frame.writeUInt16BE(type, 2 * macBytes)
  frame.set(packet, ethernetBytes)
  return frame
}

/** Undefined when there is not even a header. */
export function parseEthernet(frame: Uint8Array): Ethernet | undefined {
  if (frame.length < ethernetBytes) return undefined
  return {
    destination: macFromBytes(frame.subarray(0, macBytes)),
    source: macFromBytes(frame.subarray(macBytes, 2 * macBytes)),
    type: ((frame[12] ?? 0) << 8) | (frame[13] ?? 0)
  }
}
