// Addresses of links as messages (rtnetlink(7), linux/if_addr.h).

import { type Family, familyOf } from '../../core/address.ts'
import type { PutAddress } from '../operation.ts'
import { type LinkAddress, scopes } from '../view.ts'
import { familyCodes, familyFromCode } from './family-codes.ts'
import { attributesAfter, type Message } from './message-reader.ts'
import type { Write } from './netlink-socket.ts'

/** RTM_*ADDR. */
export const addressMessages = { put: 20, delete: 21, get: 22 } as const

/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
const fixedBytes = 8

/** IFA_*. */
const ifa = { address: 1, local: 2, label: 3, broadcast: 4, flags: 8 } as const

/** IFA_F_*. */
const flags = {
  noDad: 0x02,
  dadFailed: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  noPrefixRoute: 0x200
} as const

/** Of both families or of one. */
export function askForAddresses(family: Family | undefined): Write {
  return message => {
    const at = message.room(fixedBytes)
    if (family !== undefined) message.setU8(at, familyCodes[family])
  }
}

/** What is not wanted is not read any further. */
export interface WantedAddresses {
  readonly scope: number
  /** But those of the link with this index. */
  readonly butOf: number
}

/** `nameOf` says the name of a link by its index; undefined for links that are gone. */
export function readAddress(
  message: Message,
  nameOf: (index: number) => string | undefined,
  wanted?: WantedAddresses
): LinkAddress | undefined {
  if (message.type !== addressMessages.put) return undefined
  const attributes = attributesAfter(message, fixedBytes)
  const { buffer, start } = message
  const [scope, index] = [buffer.readUInt8(start + 3), buffer.readUInt32LE(start + 4)]
  if (wanted !== undefined && (scope !== wanted.scope || index === wanted.butOf)) return undefined
  const family = familyFromCode(buffer.readUInt8(start))
  const link = nameOf(index)
  const far = attributes.address(ifa.address)
  const address = attributes.address(ifa.local) ?? far
  if (family === undefined || link === undefined || address === undefined) return undefined
  const bits = attributes.u32(ifa.flags) ?? buffer.readUInt8(start + 2)
  const broadcast = attributes.address(ifa.broadcast)
  const label = attributes.text(ifa.label)
  return {
    link,
    address,
    prefix: buffer.readUInt8(start + 1),
    ...(far !== undefined && far !== address && { peer: far }),
    ...(broadcast !== undefined && { broadcast }),
    ...(label !== undefined && label !== link && { label }),
    scope,
    isPermanent: (bits & flags.permanent) !== 0,
    isTentative: (bits & flags.tentative) !== 0,
    isDadFailed: (bits & flags.dadFailed) !== 0,
    isDeprecated: (bits & flags.deprecated) !== 0,
    isNoDad: (bits & flags.noDad) !== 0,
    isNoPrefixRoute: (bits & flags.noPrefixRoute) !== 0
  }
}

export function writeAddress(wanted: PutAddress, index: number): Write {
  const { address, prefix, peer = address, broadcast, label, scope = scopes.universe } = wanted
  const family = familyOf(address)
  return message => {
    const at = message.room(fixedBytes)
    message.setU8(at, familyCodes[family])
    message.setU8(at + 1, prefix)
    message.setU8(at + 3, scope)
    message.setU32(at + 4, index)
    message.address(ifa.local, address, family)
    message.address(ifa.address, peer, family)
    if (broadcast !== undefined) message.address(ifa.broadcast, broadcast, family)
    if (label !== undefined) message.text(ifa.label, label)
    const noDad = wanted.isNoDad === true ? flags.noDad : 0
    const noPrefixRoute = wanted.isNoPrefixRoute === true ? flags.noPrefixRoute : 0
    message.u32(ifa.flags, noDad | noPrefixRoute)
  }
}
