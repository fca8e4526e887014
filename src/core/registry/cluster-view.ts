// What the records of the registry come to: who is a member, who was removed and who inherits, which ranges
// are under custody. A pure fold, so that everybody who has read as far sees the same.

import { createHash } from 'node:crypto'
import type { AddressRange } from '../address-range.ts'
import { assert } from '../assert.ts'
import type { MemberIndex, Run } from '../lease/register.ts'
import { addRange, decideOwner, drainRange, keepRange } from './custody.ts'
import { changeRelease, join, raiseMinWire, remove } from './membership.ts'
import type { Foreign, Joining, RegistryRecord, Removal } from './record.ts'
import { parseRecord } from './record-text.ts'

export interface Member extends Joining {
  readonly index: MemberIndex
  /** The index of its Join record. */
  readonly since: number
  readonly removed?: Removal
}

export interface DomainView {
  /** What follows from the registry alone: genesis rules and resolutions, in the order of records. */
  readonly decided: readonly Run[]
  /** Ranges that are given up as soon as nobody uses them. */
  readonly draining: readonly AddressRange[]
}

export interface ClusterView {
  /** How many records it comes from. */
  readonly index: number
  /** 64 hexadecimal digits: the chained hash of them. */
  readonly hash: string
  /** Undefined before Genesis. */
  readonly cluster: string | undefined
  /** By their running number, from 1. */
  readonly members: ReadonlyMap<MemberIndex, Member>
  /** Removed members as well. */
  readonly byIncarnation: ReadonlyMap<string, Member>
  /** Removed members as well; a peer id joins once. */
  readonly byPeer: ReadonlyMap<string, Member>
  readonly domains: ReadonlyMap<string, DomainView>
  readonly minWire: number
}

/** Why the registry must not take a record: what is wrong and what to do. */
export interface Refused {
  readonly refused: string
}

/** What a record changes beside index and hash. */
export type Step = Partial<Omit<ClusterView, 'index' | 'hash'>>

export const emptyView: ClusterView = {
  index: 0,
  hash: '0'.repeat(64),
  cluster: undefined,
  members: new Map(),
  byIncarnation: new Map(),
  byPeer: new Map(),
  domains: new Map(),
  minWire: 1
}

/** The view after one more record, or why the registry must not take it. */
export function advance(view: ClusterView, bytes: Uint8Array): ClusterView | Refused {
  const record = parseRecord(bytes)
  if ('problem' in record) return { refused: `this is no record: ${record.problem}` }
  const index = view.index + 1
  const step = stepOf(view, record, index)
  if ('refused' in step) return step
  return { ...view, ...step, index, hash: chained(view.hash, bytes) }
}

/**
 * Whether the log with this head and hash, in which these records come next, can be the one that the view is of.
 * Records that break its rules are another matter, and so are some that do not reach up to the head.
 */
export function isOfOneLog(
  view: ClusterView,
  { head, hash, records }: { head: number; hash: string; records: readonly Uint8Array[] }
): boolean {
  if (head < view.index) return false
  let last = view
  for (const bytes of records) {
    const next = advance(last, bytes)
    if ('refused' in next) return true
    last = next
  }
  return head > last.index || hash === last.hash
}

function stepOf(view: ClusterView, record: RegistryRecord | Foreign, index: number) {
  if ((record.type === 'Genesis') !== (index === 1)) return misplaced(view, record.type)
  switch (record.type) {
    case 'Genesis':
      return { cluster: record.cluster }
    case 'Join':
      return join(view, record, index)
    case 'Remove':
      return remove(view, record, index)
    case 'RangeAdd':
      return addRange(view, record, index)
    case 'RangeDrain':
      return drainRange(view, record)
    case 'RangeKeep':
      return keepRange(view, record)
    case 'Resolve':
      return decideOwner(view, record, index)
    case 'Talk':
      return changeRelease(view, record)
    case 'MinWire':
      return raiseMinWire(view, record)
    case 'Foreign':
      return {}
  }
}

function misplaced({ cluster }: ClusterView, type: string): Refused {
  return {
    refused:
      cluster === undefined
        ? `the first record must be Genesis, not ${type}; found the cluster first`
        : `this is cluster ${cluster} already; join it instead of founding another`
  }
}

/** Of the bytes as they came, so that fields nobody here knows count as well. */
function chained(hash: string, bytes: Uint8Array): string {
  return createHash('sha256').update(hash, 'hex').update(bytes).digest('hex')
}

/** Who answers for a member's addresses: itself, or the last of its heirs. */
export function resolve(view: ClusterView, member: MemberIndex): Member | undefined {
  let found = view.members.get(member)
  // An heir is a living member when it inherits, so each one of the line was removed later than the one before.
  for (let i = 0; found?.removed !== undefined; i += 1) {
    assert(i < view.members.size, 'a line of heirs ends')
    found = view.members.get(found.removed.heir)
  }
  return found
}

/** Members that are not removed, in the order of their numbers. */
export function living(view: ClusterView): Member[] {
  return [...view.members.values()].filter(({ removed }) => removed === undefined)
}
