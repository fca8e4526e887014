// The messages that make a session, and who speaks, as they travel.

import type {
  Greeted,
  Hello,
  Rebuff,
  Session,
  Speaker,
  Welcome,
  Whereabouts
} from '../core/protocol.ts'
import type { BodyCodec } from './body-codec.ts'
import { countOf, fieldsOf, hexOf, hexToWire, hexUpTo, listOf, optional } from './wire-fields.ts'
import { textOf, wordOf, type Wire } from './wire-fields.ts'
import { addressesPerNodeMax, textMax, whereaboutsMax } from './wire-limits.ts'

export const incarnationBytes = 16
const sessionBytes = 8
const nonceBytes = 8

const rebuffs: ReadonlySet<Rebuff['why']> = new Set([
  'Cluster',
  'Fenced',
  'Stranger',
  'Superseded',
  'Version'
])

export function speakerToWire({ incarnation, session }: Speaker): Wire {
  return [hexToWire(incarnation), ...sessionToWire(session)]
}

export function speakerFromWire(value: unknown): Speaker {
  const [incarnation, ...session] = fieldsOf(value, 3, 'speaker')
  return {
    incarnation: hexOf(incarnation, incarnationBytes, 'incarnation'),
    session: sessionFromWire(session)
  }
}

function sessionToWire({ opened, id }: Session): Wire[] {
  return [opened, hexToWire(id)]
}

function sessionFromWire(value: unknown): Session {
  const [opened, id] = fieldsOf(value, 2, 'session')
  return { opened: countOf(opened, 'opened'), id: hexOf(id, sessionBytes, 'session') }
}

function rangeOfVersions(min: unknown, max: unknown): Hello['wire'] {
  return { min: countOf(min, 'wire.min'), max: countOf(max, 'wire.max') }
}

export function multiaddressesFromWire(value: unknown): readonly string[] {
  return listOf(value, addressesPerNodeMax, 'addresses', address =>
    textOf(address, textMax.multiaddress, 'address')
  )
}

function whereaboutsFromWire(value: unknown): Whereabouts {
  const [incarnation, peer, addresses] = fieldsOf(value, 3, 'whereabouts')
  return {
    incarnation: hexOf(incarnation, incarnationBytes, 'incarnation'),
    peer: textOf(peer, textMax.peer, 'peer'),
    addresses: multiaddressesFromWire(addresses)
  }
}

export const helloCodec: BodyCodec<Hello> = {
  write: ({ nonce, node, wire: { min, max } }) => [hexToWire(nonce), node, min, max],
  fields: 4,
  read: ([nonce, node, min, max]) => ({
    type: 'Hello',
    nonce: hexOf(nonce, nonceBytes, 'nonce'),
    node: textOf(node, textMax.name, 'node'),
    wire: rangeOfVersions(min, max)
  })
}

export const welcomeCodec: BodyCodec<Welcome> = {
  write: ({ answer, nonce, node, wire: { min, max }, known }) => [
    hexToWire(answer),
    hexToWire(nonce),
    node,
    min,
    max,
    known
      .slice(0, whereaboutsMax)
      .map(({ incarnation, peer, addresses }) => [
        hexToWire(incarnation),
        peer,
        addresses.slice(0, addressesPerNodeMax)
      ])
  ],
  fields: 6,
  read: ([answer, nonce, node, min, max, known]) => ({
    type: 'Welcome',
    answer: hexOf(answer, nonceBytes, 'answer'),
    nonce: hexOf(nonce, nonceBytes, 'nonce'),
    node: textOf(node, textMax.name, 'node'),
    wire: rangeOfVersions(min, max),
    known: listOf(known, whereaboutsMax, 'known', whereaboutsFromWire)
  })
}

export const greetedCodec: BodyCodec<Greeted> = {
  write: ({ answer }) => [hexToWire(answer)],
  fields: 1,
  read: ([answer]) => ({ type: 'Greeted', answer: hexOf(answer, nonceBytes, 'answer') })
}

/** What is rebuffed may have been no Hello, so the answer may be empty. */
export const rebuffCodec: BodyCodec<Rebuff> = {
  write: ({ why, answer, known }) => [
    why,
    hexToWire(answer),
    known === undefined ? null : sessionToWire(known)
  ],
  fields: 2,
  read: ([why, answer, session]) => {
    const known = optional(session, sessionFromWire)
    return {
      type: 'Rebuff',
      why: wordOf(why, rebuffs, 'why'),
      answer: hexUpTo(answer, nonceBytes, 'answer'),
      ...(known === undefined ? {} : { known })
    }
  }
}
