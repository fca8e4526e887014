// The registry of a cluster that has formed: everybody joined, and each node holds an equal part of one subnet.

import { formatAddress, parseAddress, type Address } from '../../../src/core/address.ts'
import { wire } from '../../../src/core/protocol.ts'
import type { Proposal } from '../../../src/core/registry/record.ts'
import { formatRecord, holdersMax } from '../../../src/core/registry/record-text.ts'
import { peerIdOf } from '../../../src/mesh/peer-id.ts'

export interface Resident {
  readonly incarnation: string
  /** The seed of its key, 64 hexadecimal digits. */
  readonly key: string
  readonly node: string
}

export const domain = '10.0.0.0/8'
const first = parseAddress('10.0.0.16') as Address

/** How many addresses each node holds: so many that nobody runs low. */
export const addressesPerNode = 5_000n

/** The first address that this node was given, counted from 0. */
export function firstOf(node: number): Address {
  return (first + BigInt(node) * addressesPerNode) as Address
}

export function residents(count: number, hex: (bytes: number) => string): Resident[] {
  return Array.from({ length: count }, (_, i) => ({
    incarnation: hex(16),
    key: hex(32),
    node: `worker-${String(i).padStart(4, '0')}.example`
  }))
}

/** One record for each node that joins, as when they came one after the other, or few for all of them. */
export function registryLog(all: readonly Resident[], { joinsPerRecord = 128 } = {}): Uint8Array[] {
  const proposals: Proposal[] = [{ type: 'Genesis', cluster: 'c0ffee'.padEnd(32, '0') }]
  for (const batch of batches(all, joinsPerRecord)) {
    const members = batch.map(({ incarnation, key, node }) => ({
      ...{ incarnation, node, peer: peerIdOf(key), machine: incarnation, wire }
    }))
    proposals.push({ type: 'Join', members })
  }
  let given = 0
  for (const batch of batches(all, holdersMax)) {
    const range = { first: firstOf(given), last: (firstOf(given + batch.length) - 1n) as Address }
    proposals.push({
      ...{ type: 'RangeAdd', domain, holders: batch.map(({ incarnation }) => incarnation) },
      ...{ first: formatAddress(range.first), last: formatAddress(range.last) }
    })
    given += batch.length
  }
  const author = all[0]?.node ?? ''
  return proposals.map(proposal => formatRecord({ ...proposal, author, atMs: 1_790_000_000_000 }))
}

function batches<One>(all: readonly One[], size: number): One[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size)
  )
}
