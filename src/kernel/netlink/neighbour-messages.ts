// Neighbours as messages (rtnetlink(7), linux/neighbour.h).

import { type Address, type Family, familyOf } from '../../core/address.ts'
import type { PutNeighbour } from '../operation.ts'
import type { Neighbour, NeighbourState } from '../view.ts'
import { addressOfFamily, familyCodes, familyFromCode } from './family-codes.ts'
import { attributesAfter, type Message } from './message-reader.ts'
import type { Write } from './netlink-socket.ts'
import type { NameOf } from './route-messages.ts'

/** RTM_*NEIGH. */
export const neighbourMessages = { put: 28, delete: 29, get: 30 } as const

/** struct ndmsg: family, nothing, index, state, flags, type. */
const fixedBytes = 12
const [indexAt, stateAt] = [4, 8]

/** NDA_*. */
const nda = { destination: 1, hardware: 2, index: 8 } as const

/** NUD_*. */
const [noArp, permanent] = [0x40, 0x80]
const states: ReadonlyMap<number, NeighbourState> = new Map([
  [0x00, 'none'],
  [0x01, 'incomplete'],
  [0x02, 'reachable'],
  [0x04, 'stale'],
  [0x08, 'delay'],
  [0x10, 'probe'],
  [0x20, 'failed'],
  [permanent, 'permanent']
])

/** Of both families or of one, of all links or of one. */
export function askForNeighbours(family: Family | undefined, index: number | undefined): Write {
  return message => {
    const at = message.room(fixedBytes)
    if (family !== undefined) message.setU8(at, familyCodes[family])
    if (index !== undefined) message.u32(nda.index, index)
  }
}

/** `of`: the bytes of the addresses that are wanted; what else there is is not read any further. */
export function readNeighbour(
  message: Message,
  nameOf: NameOf,
  of?: readonly Uint8Array[]
): Neighbour | undefined {
  if (message.type !== neighbourMessages.put) return undefined
  const attributes = attributesAfter(message, fixedBytes)
  const { buffer, start } = message
  // Groups and the loopback, which the kernel knows by itself: most of all that it tells.
  if (buffer.readUInt16LE(start + stateAt) === noArp) return undefined
  if (of !== undefined && !of.some(one => attributes.holds(nda.destination, one))) return undefined
  const family = familyFromCode(buffer.readUInt8(start))
  const link = nameOf(buffer.readInt32LE(start + indexAt))
  const state = states.get(buffer.readUInt16LE(start + stateAt))
  if (family === undefined || link === undefined || state === undefined) return undefined
  const bytes = attributes.bytes(nda.destination)
  if (bytes === undefined) return undefined
  const address = addressOfFamily(bytes, family)
  const mac = attributes.mac(nda.hardware)
  return { link, address, ...(mac !== undefined && { mac }), state }
}

export function writeNeighbour({ address, mac }: PutNeighbour, index: number): Write {
  return message => {
    writeKey(address, index)(message)
    message.mac(nda.hardware, mac)
  }
}

export function writeGoneNeighbour(address: Address, index: number): Write {
  return message => writeKey(address, index)(message)
}

function writeKey(address: Address, index: number): Write {
  return message => {
    const at = message.room(fixedBytes)
    message.setU8(at, familyCodes[familyOf(address)])
    message.setU32(at + indexAt, index)
    message.setU16(at + stateAt, permanent)
    message.address(nda.destination, address, familyOf(address))
  }
}
