// The messages of reclaim and confirmation, as they travel.

import type { Collect, Collected, Confirm, Confirmed } from '../core/protocol.ts'
import type { BodyCodec } from './body-codec.ts'
import { rangesFromWire, rangesToWire, runsFromWire, runsToWire } from './run-codec.ts'
import { domainOf } from './transfer-codec.ts'
import { countOf, hexToWire, hexUpTo } from './wire-fields.ts'

/** Chance that nobody guesses or repeats: 8 bytes today. */
const nonceBytesMax = 32

function nonceOf(value: unknown): string {
  return hexUpTo(value, nonceBytesMax, 'nonce')
}

export const collectCodec: BodyCodec<Collect> = {
  write: ({ domain, nonce, round }) => [domain, hexToWire(nonce), round],
  fields: 3,
  read: ([domain, nonce, round]) => ({
    type: 'Collect',
    domain: domainOf(domain),
    nonce: nonceOf(nonce),
    round: countOf(round, 'round')
  })
}

export const collectedCodec: BodyCodec<Collected> = {
  write: ({ domain, nonce, runs, live }) => [
    domain,
    hexToWire(nonce),
    runsToWire(runs),
    rangesToWire(live)
  ],
  fields: 4,
  read: ([domain, nonce, runs, live]) => ({
    type: 'Collected',
    domain: domainOf(domain),
    nonce: nonceOf(nonce),
    runs: runsFromWire(runs),
    live: rangesFromWire(live)
  })
}

export const confirmCodec: BodyCodec<Confirm> = {
  write: ({ domain, nonce, wctr, runs }) => [domain, hexToWire(nonce), wctr, runsToWire(runs)],
  fields: 4,
  read: ([domain, nonce, wctr, runs]) => ({
    type: 'Confirm',
    domain: domainOf(domain),
    nonce: nonceOf(nonce),
    wctr: countOf(wctr, 'wctr'),
    runs: runsFromWire(runs)
  })
}

export const confirmedCodec: BodyCodec<Confirmed> = {
  write: ({ domain, nonce, newer, wctr, live }) => [
    domain,
    hexToWire(nonce),
    runsToWire(newer),
    wctr,
    rangesToWire(live)
  ],
  fields: 5,
  read: ([domain, nonce, newer, wctr, live]) => ({
    type: 'Confirmed',
    domain: domainOf(domain),
    nonce: nonceOf(nonce),
    newer: runsFromWire(newer),
    wctr: countOf(wctr, 'wctr'),
    live: rangesFromWire(live)
  })
}
