// Neighbour discovery (RFC 4861): who has an IPv6 address, and who says so.

import { type Address, addressToBytes } from '../address.ts'
import { encodeEthernet, etherType } from './ethernet.ts'
import { encodeIcmpv6, type Icmpv6, ipv6At } from './icmpv6.ts'
import {
  allNodesMac,
  groupMac,
  type Mac,
  macBytes,
  macFromBytes,
  macToBytes,
  namesSomebody,
  solicitedNodeGroup
} from './mac.ts'

export interface Solicitation {
  readonly type: 'Solicitation'
  /** `::` while the address is not proven yet. */
  readonly source: Address
  readonly destination: Address
  readonly target: Address
  /** Of the source. */
  readonly linkLayer: Mac | undefined
}

export interface Advertisement {
  readonly type: 'Advertisement'
  readonly source: Address
  readonly destination: Address
  readonly target: Address
  /** Of the target. */
  readonly linkLayer: Mac | undefined
  readonly isRouter: boolean
  readonly isSolicited: boolean
  readonly isOverride: boolean
}

export const unspecifiedIpv6 = 0n as Address
export const allNodes = 0xff02_0000_0000_0000_0000_0000_0000_0001n as Address

const [solicitation, advertisement] = [135, 136]
const fixedBytes = 24
const [sourceOption, targetOption] = [1, 2]
const [router, solicited, override] = [0x80, 0x40, 0x20]

export function encodeNeighbour(said: Solicitation | Advertisement): Uint8Array {
  const isAsking = said.type === 'Solicitation'
  const option = said.linkLayer === undefined ? [] : macToBytes(said.linkLayer)
  const message = Buffer.alloc(fixedBytes + (option.length === 0 ? 0 : 2 + macBytes))
  message.writeUInt8(isAsking ? solicitation : advertisement, 0)
  if (!isAsking) {
    const flags = [
      said.isRouter && router,
      said.isSolicited && solicited,
      said.isOverride && override
    ]
    message.writeUInt8(
      flags.reduce<number>((all, flag) => all | Number(flag), 0),
      4
    )
  }
  message.set(addressToBytes(said.target), 8)
  if (option.length > 0) {
    message.set([isAsking ? sourceOption : targetOption, 1], fixedBytes)
    message.set(option, fixedBytes + 2)
  }
  return encodeIcmpv6({ source: said.source, destination: said.destination, message })
}

/** Undefined unless RFC 4861 sections 7.1.1 and 7.1.2 would have it believed. */
export function parseNeighbour({
  source,
  destination,
  message
}: Icmpv6): Solicitation | Advertisement | undefined {
  if (message.length < fixedBytes || message[1] !== 0) return undefined
  const target = ipv6At(message, 8)
  const options = linkLayersOf(message.subarray(fixedBytes))
  if (target === undefined || isGroup(target) || options === undefined) return undefined
  if (message[0] === solicitation) {
    const linkLayer = options.get(sourceOption)
    const isProbe = source === unspecifiedIpv6
    if (isProbe && (linkLayer !== undefined || destination !== solicitedNodeGroup(target)))
      return undefined
    return { type: 'Solicitation', source, destination, target, linkLayer }
  }
  if (message[0] !== advertisement) return undefined
  const flags = message[4] ?? 0
  const isSolicited = (flags & solicited) !== 0
  if (isSolicited && isGroup(destination)) return undefined
  return {
    ...{ type: 'Advertisement', source, destination, target },
    linkLayer: options.get(targetOption),
    isRouter: (flags & router) !== 0,
    isSolicited,
    isOverride: (flags & override) !== 0
  }
}

/** The hardware addresses by their option; undefined when the options are cut off or one has no length. */
function linkLayersOf(options: Uint8Array): ReadonlyMap<number, Mac> | undefined {
  const found = new Map<number, Mac>()
  for (let at = 0; at < options.length;) {
    const [type, units] = [options[at], options[at + 1]]
    if (type === undefined || units === undefined || units === 0) return undefined
    const end = at + 8 * units
    if (end > options.length) return undefined
    if (units === 1) {
      const mac = macFromBytes(options.subarray(at + 2, end))
      if (namesSomebody(mac)) found.set(type, mac)
    }
    at = end
  }
  return found
}

function isGroup(address: Address): boolean {
  return address >> 120n === 0xffn
}

/** Who has it? Asked without an address of one's own (RFC 4862 section 5.4.2). */
export function neighbourProbe(mac: Mac, target: Address): Uint8Array {
  return solicit(mac, { source: unspecifiedIpv6, target, linkLayer: undefined })
}

/** Whoever answers learns the sender's address, so it must be the sender's for certain. */
export function neighbourRequest(mac: Mac, source: Address, target: Address): Uint8Array {
  return solicit(mac, { source, target, linkLayer: mac })
}

function solicit(
  mac: Mac,
  asked: Pick<Solicitation, 'source' | 'target' | 'linkLayer'>
): Uint8Array {
  const group = solicitedNodeGroup(asked.target)
  const packet = encodeNeighbour({ type: 'Solicitation', destination: group, ...asked })
  return encodeEthernet({ destination: groupMac(group), source: mac, type: etherType.ipv6 }, packet)
}

/** The address is here from now on (RFC 4861 section 7.2.6). */
export function neighbourAnnouncement(mac: Mac, address: Address): Uint8Array {
  const packet = encodeNeighbour({
    ...{ type: 'Advertisement', source: address, destination: allNodes, target: address },
    ...{ linkLayer: mac, isRouter: false, isSolicited: false, isOverride: true }
  })
  return encodeEthernet({ destination: allNodesMac, source: mac, type: etherType.ipv6 }, packet)
}
