// Records as tests write them, and views made of them.

import { advance, type ClusterView, emptyView } from '../../../src/core/registry/cluster-view.ts'
import type { Join, Joining, Proposal, RegistryRecord } from '../../../src/core/registry/record.ts'
import { formatRecord } from '../../../src/core/registry/record-text.ts'

/** 32 hexadecimal digits that stand for `n`. */
export function name(n: number): string {
  return n.toString(16).padStart(32, '0')
}

export function joining(n: number, more: Partial<Joining> = {}): Joining {
  const wire = { min: 1, max: 1 }
  return {
    incarnation: name(n),
    node: `node-${n}`,
    peer: `peer-${n}`,
    machine: `m-${n}`,
    wire,
    ...more
  }
}

export function signed(proposal: Proposal): RegistryRecord {
  return { ...proposal, author: 'node-1', atMs: 1_700_000_000_000 }
}

export function bytesOf(proposal: Proposal): Uint8Array {
  return formatRecord(signed(proposal))
}

export const genesis: Proposal = { type: 'Genesis', cluster: 'c'.repeat(32) }

export function join(...members: readonly number[]): Omit<Join, 'author' | 'atMs'> {
  return { type: 'Join', members: members.map(n => joining(n)) }
}

export function remove(n: number, heir: number, evidence = 'Ann pulled the plug'): Proposal {
  const [incarnation, heirName] = [name(n), name(heir)]
  return { type: 'Remove', incarnation, heir: heirName, assertion: 'OPERATOR', evidence }
}

export const subnet = '10.9.0.0/24'

export function addRange(
  first: string,
  last: string,
  holders: readonly number[],
  domain = subnet
): Proposal {
  return { type: 'RangeAdd', domain, first, last, holders: holders.map(name) }
}

export function changeRange(
  type: 'RangeDrain' | 'RangeKeep',
  first: string,
  last: string,
  domain = subnet
): Proposal {
  return { type, domain, first, last }
}

export function decide(address: string, owner: number, domain = subnet): Proposal {
  return { type: 'Resolve', domain, address, owner: name(owner) }
}

/** The view after records that all must be taken. */
export function viewOf(...records: readonly Proposal[]): ClusterView {
  return continued(emptyView, ...records)
}

export function continued(view: ClusterView, ...records: readonly Proposal[]): ClusterView {
  return records.reduce((view, record) => {
    const next = advance(view, bytesOf(record))
    if ('refused' in next) throw new Error(next.refused)
    return next
  }, view)
}

/** Why the registry does not take a record; empty when it does. */
export function refusalOf(view: ClusterView, record: Proposal): string {
  const next = advance(view, bytesOf(record))
  return 'refused' in next ? next.refused : ''
}
