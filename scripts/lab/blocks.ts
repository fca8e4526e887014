// Who may use which addresses of a subnet, as one node sees it, for people and for comparing nodes.

import { paint, table } from '../terminal.ts'
import type { Block, Domain } from './admin.ts'

/** More would not fit a line; the others are counted. */
const shownMax = 3

/** One line per owner. */
export function blockTable(domain: Domain): string[] {
  const owners = Map.groupBy(domain.blocks, ({ owner }) => owner)
  const counts = countsByOwner(domain)
  const rows = [...owners].toSorted(byName).map(([owner, owned]) => {
    const shown = owned.slice(0, shownMax).map(blockText)
    const more = owned.length > shownMax ? [`and ${owned.length - shownMax} more`] : []
    return [owner, String(counts.get(owner)), [...shown, ...more].join(paint('dim', ', '))]
  })
  const size = { title: 'ADDRESSES', align: 'right' } as const
  return table([{ title: 'NODE' }, size, { title: 'BLOCKS' }], rows)
}

export function countsByOwner({ blocks }: Domain): Map<string, bigint> {
  const counts = new Map<string, bigint>()
  for (const { owner, count } of blocks)
    counts.set(owner, (counts.get(owner) ?? 0n) + BigInt(count))
  return counts
}

/** The same text exactly when two nodes see the same custody of everything. */
export function fingerprint(domains: readonly Domain[]): string {
  const facts = domains
    .toSorted((a, b) => (a.domain < b.domain ? -1 : 1))
    .map(({ domain, blocks }) => [
      domain,
      blocks.map(({ first, last, key, owner }) => [first, last, key, owner])
    ])
  return JSON.stringify(facts)
}

export function ownerOf({ blocks }: Domain, address: string): string | undefined {
  const number = ipv4Number(address)
  return blocks.find(({ first, last }) => ipv4Number(first) <= number && number <= ipv4Number(last))
    ?.owner
}

function blockText({ first, last }: Block): string {
  if (first === last) return first
  return `${first}-${last.slice(last.lastIndexOf('.') + 1)}`
}

function ipv4Number(text: string): number {
  return text.split('.').reduce((number, part) => number * 256 + Number(part), 0)
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}
