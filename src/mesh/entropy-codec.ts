// The messages of anti-entropy, as they travel.

import { assert } from '../core/assert.ts'
import type { Delta, Digest, Marks, Summary } from '../core/protocol.ts'
import type { BodyCodec } from './body-codec.ts'
import { contestsFromWire, contestsToWire, runsFromWire, runsToWire } from './run-codec.ts'
import { domainOf } from './transfer-codec.ts'
import { countOf, fail, fieldsOf, hexToWire, hexUpTo, listOf, optional } from './wire-fields.ts'
import type { Wire } from './wire-fields.ts'
import { domainsPerMessageMax, marksPerMessageMax } from './wire-limits.ts'

/** A hash has 8 bytes today; SHA-256 would fit. */
const hashBytesMax = 32

export function hashFromWire(value: unknown): string {
  return hexUpTo(value, hashBytesMax, 'hash')
}

/** Writer and count in turn, without an array for each pair. */
function marksToWire(marks: Marks): Wire {
  assert(marks.length <= marksPerMessageMax, 'there are fewer writers')
  return marks.flat()
}

function marksFromWire(value: unknown): Marks {
  const flat = listOf(value, marksPerMessageMax * 2, 'marks', item => countOf(item, 'mark'))
  if (flat.length % 2 !== 0) fail('marks are pairs')
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? 0, flat[2 * i + 1] ?? 0])
}

export const digestCodec: BodyCodec<Digest> = {
  write: ({ domains }) => {
    assert(domains.length <= domainsPerMessageMax, 'there are fewer domains')
    return [domains.map(({ domain, hash }) => [domain, hexToWire(hash)])]
  },
  fields: 1,
  read: ([domains]) => ({
    type: 'Digest',
    domains: listOf(domains, domainsPerMessageMax, 'domains', item => {
      const [domain, hash] = fieldsOf(item, 2, 'domain')
      return { domain: domainOf(domain), hash: hashFromWire(hash) }
    })
  })
}

export const summaryCodec: BodyCodec<Summary> = {
  write: ({ domain, hash, marks }) => [domain, hexToWire(hash), marksToWire(marks)],
  fields: 3,
  read: ([domain, hash, marks]) => ({
    type: 'Summary',
    domain: domainOf(domain),
    hash: hashFromWire(hash),
    marks: marksFromWire(marks)
  })
}

export const deltaCodec: BodyCodec<Delta> = {
  write: ({ domain, runs, raise, contests, reverse }) => [
    domain,
    runsToWire(runs),
    marksToWire(raise),
    contestsToWire(contests),
    reverse === undefined ? null : [hexToWire(reverse.hash), marksToWire(reverse.marks)]
  ],
  fields: 4,
  read: ([domain, runs, raise, contests, summary]) => {
    const reverse = optional(summary, value => {
      const [hash, marks] = fieldsOf(value, 2, 'reverse')
      return { hash: hashFromWire(hash), marks: marksFromWire(marks) }
    })
    return {
      type: 'Delta',
      domain: domainOf(domain),
      runs: runsFromWire(runs),
      raise: marksFromWire(raise),
      contests: contestsFromWire(contests),
      ...(reverse === undefined ? {} : { reverse })
    }
  }
}
