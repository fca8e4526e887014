// Addresses in use as documents that keep them from being handed out: SpiderReservedIP, one for each pool.

import { stringify } from 'yaml'
import type { Address, Family } from '../core/address.ts'
import { formatRange } from '../core/address-range.ts'
import { AddressSet } from '../core/address-set.ts'
import { poolApiVersion } from './pool-text.ts'

export interface InUse {
  readonly pool: string
  readonly family: Family
  readonly addresses: readonly Address[]
}

/** A YAML stream; empty when nothing is in use. Names begin with `in-use-`, so that a person finds them again. */
export function reservationText(all: readonly InUse[]): string {
  const documents = all
    .filter(({ addresses }) => addresses.length > 0)
    .map(({ pool, family, addresses }) => {
      const set = AddressSet.of(addresses.map(start => ({ start, end: start + 1n })))
      return stringify({
        apiVersion: poolApiVersion,
        kind: 'SpiderReservedIP',
        metadata: { name: `in-use-${pool}` },
        spec: { ipVersion: family, ips: [...set.ranges()].map(formatRange) }
      })
    })
  return documents.join('---\n')
}
