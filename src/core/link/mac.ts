// Hardware addresses of Ethernet interfaces, and the groups that frames of this room go to.

import type { Address } from '../address.ts'
import { assert } from '../assert.ts'

declare const brand: unique symbol

/** `02:fc:00:00:00:01`, in lower case. */
export type Mac = string & { readonly [brand]: 'Mac' }

export const macBytes = 6

export const broadcastMac = 'ff:ff:ff:ff:ff:ff' as Mac
export const zeroMac = '00:00:00:00:00:00' as Mac
/** Every IPv6 node of the link (RFC 2464 section 7). */
export const allNodesMac = '33:33:00:00:00:01' as Mac

export function macFromBytes(bytes: Uint8Array): Mac {
  assert(bytes.length === macBytes, `${bytes.length} bytes are no hardware address`)
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(':') as Mac
}

export function macToBytes(mac: Mac): Uint8Array {
  return Buffer.from(mac.replaceAll(':', ''), 'hex')
}

/** Undefined when it is none; capital letters are read as small ones. */
export function parseMac(text: string): Mac | undefined {
  const isMac = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)
  return isMac ? (text.toLowerCase() as Mac) : undefined
}

/** Neither nobody nor everybody: an interface, or a group that answers in the name of several. */
export function namesSomebody(mac: Mac): boolean {
  return mac !== zeroMac && mac !== broadcastMac
}

/** `ff02::1:ff` and the last 24 bits of the address: where those who may have it listen (RFC 4291 section 2.7.1). */
export function solicitedNodeGroup(address: Address): Address {
  return (0xff02_0000_0000_0000_0000_0001_ff00_0000n | (address & 0xff_ffffn)) as Address
}

/** The hardware address of an IPv6 group: 33:33 and its last 32 bits (RFC 2464 section 7). */
export function groupMac(group: Address): Mac {
  const bytes = Buffer.from([0x33, 0x33, 0, 0, 0, 0])
  bytes.writeUInt32BE(Number(group & 0xffff_ffffn), 2)
  return macFromBytes(bytes)
}
