// What a frame says of one address: who uses it, or wants to. Both families come to the same here.

import { type Address, familyOf } from '../address.ts'
import {
  arpAnnouncement,
  arpProbe,
  arpRequest,
  parseArp,
  type Arp,
  unspecifiedIpv4
} from './arp.ts'
import { ethernetBytes, etherType, parseEthernet } from './ethernet.ts'
import { parseIcmpv6 } from './icmpv6.ts'
import type { Mac } from './mac.ts'
import {
  type Advertisement,
  neighbourAnnouncement,
  neighbourProbe,
  neighbourRequest,
  parseNeighbour,
  type Solicitation,
  unspecifiedIpv6
} from './neighbour.ts'

/**
 * `Reply`: it was said to be there, in an ARP reply or an advertisement. `Request`: somebody asked for another
 * address with this one as its own. `Announcement`: a gratuitous ARP request. `Probe`: somebody else wants to
 * have it and asks at this moment whether it is free.
 */
export type SightingKind = 'Reply' | 'Request' | 'Announcement' | 'Probe'

export interface Sighting {
  readonly address: Address
  readonly mac: Mac
  readonly kind: SightingKind
}

/** Undefined for frames that say nothing, of other protocols, damaged ones, and those this interface sent itself. */
export function sightingIn(frame: Uint8Array, own: Mac): Sighting | undefined {
  const ethernet = parseEthernet(frame)
  if (ethernet === undefined || ethernet.source === own) return undefined
  const sighting = sightingOf(ethernet.type, ethernet.source, frame.subarray(ethernetBytes))
  return sighting?.mac === own ? undefined : sighting
}

function sightingOf(type: number, from: Mac, packet: Uint8Array): Sighting | undefined {
  if (type === etherType.arp) {
    const arp = parseArp(packet)
    return arp && sightingInArp(arp)
  }
  if (type !== etherType.ipv6) return undefined
  const icmpv6 = parseIcmpv6(packet)
  const neighbour = icmpv6 && parseNeighbour(icmpv6)
  return neighbour && sightingInNeighbour(neighbour, neighbour.linkLayer ?? from)
}

function sightingInArp({ operation, sender, senderMac: mac, target }: Arp): Sighting | undefined {
  if (sender !== unspecifiedIpv4) {
    if (operation === 'Reply') return { address: sender, mac, kind: 'Reply' }
    return { address: sender, mac, kind: sender === target ? 'Announcement' : 'Request' }
  }
  return operation === 'Request' ? { address: target, mac, kind: 'Probe' } : undefined
}

function sightingInNeighbour(said: Solicitation | Advertisement, mac: Mac): Sighting {
  if (said.type === 'Advertisement') return { address: said.target, mac, kind: 'Reply' }
  if (said.source === unspecifiedIpv6) return { address: said.target, mac, kind: 'Probe' }
  return { address: said.source, mac, kind: 'Request' }
}

/** Asks who has the address and says nothing of an own one. */
export function probeFor(mac: Mac, target: Address): Uint8Array {
  return familyOf(target) === 4 ? arpProbe(mac, target) : neighbourProbe(mac, target)
}

/** Asks who has the target; `sender` is an address of this interface for certain. */
export function requestFor(mac: Mac, sender: Address, target: Address): Uint8Array {
  return familyOf(target) === 4
    ? arpRequest(mac, sender, target)
    : neighbourRequest(mac, sender, target)
}

/** Tells everybody on the link that the address is at this interface from now on. */
export function announcementOf(mac: Mac, address: Address): Uint8Array {
  return familyOf(address) === 4
    ? arpAnnouncement(mac, address)
    : neighbourAnnouncement(mac, address)
}
