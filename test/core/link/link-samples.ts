// Frames of both families as the tests of this folder need them: whole ones, and parts to choose from.

import { type Address, ipv4Base, parseAddress, toAddress } from '../../../src/core/address.ts'
import { type Arp, encodeArp } from '../../../src/core/link/arp.ts'
import { encodeEthernet, etherType } from '../../../src/core/link/ethernet.ts'
import { broadcastMac, type Mac, parseMac, zeroMac } from '../../../src/core/link/mac.ts'
import {
  type Advertisement,
  allNodes,
  encodeNeighbour,
  type Solicitation
} from '../../../src/core/link/neighbour.ts'
import * as fc from '../../support/property.ts'

export function mac(text: string): Mac {
  const parsed = parseMac(text)
  if (parsed === undefined) throw new Error(`${text} is no hardware address`)
  return parsed
}

export function ip(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

export function arpFrame(arp: Partial<Arp>, from = arp.senderMac ?? zeroMac): Uint8Array {
  const whole: Arp = {
    ...{ type: 'Arp', operation: 'Request', senderMac: from, sender: ip('0.0.0.0') },
    ...{ targetMac: zeroMac, target: ip('0.0.0.0') },
    ...arp
  }
  const header = { destination: broadcastMac, source: from, type: etherType.arp }
  return encodeEthernet(header, encodeArp(whole))
}

export function neighbourFrame(said: Solicitation | Advertisement, from: Mac): Uint8Array {
  const header = { destination: broadcastMac, source: from, type: etherType.ipv6 }
  return encodeEthernet(header, encodeNeighbour(said))
}

/** As a host answers who asks without an address. */
export function advertisement(target: Address, linkLayer: Mac | undefined): Advertisement {
  return {
    ...{ type: 'Advertisement', source: target, destination: allNodes, target, linkLayer },
    ...{ isRouter: false, isSolicited: false, isOverride: true }
  }
}

export const anyMac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map(bytes => mac(Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(':')))

export const someMac = anyMac.filter(one => one !== zeroMac && one !== broadcastMac)

export const anyIpv4 = fc.nat(0xffff_ffff).map(number => toAddress(ipv4Base + BigInt(number)))

/** No group, and no number of the IPv4 part of the line. */
export const someIpv6 = fc
  .bigInt({ min: 1n << 64n, max: (0xffn << 120n) - 1n })
  .map(number => toAddress(number))
