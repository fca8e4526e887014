// Records about addresses: which ranges of a domain are under custody, who holds them first, which are given
// up, and who owns an address that two members claimed.

import { type Address, familyOf, parseAddress } from '../address.ts'
import {
  type AddressRange,
  formatRange,
  parseRange,
  rangeContains,
  rangesOverlap
} from '../address-range.ts'
import { AddressSet } from '../address-set.ts'
import { assert } from '../assert.ts'
import { parseCidr } from '../cidr.ts'
import { type MemberIndex, type Register, retired, type Run } from '../lease/register.ts'
import type { ClusterView, DomainView, Member, Refused, Step } from './cluster-view.ts'
import { livingMember } from './membership.ts'
import type { RangeAdd, RangeDrain, RangeKeep, Resolve } from './record.ts'

const noDomain: DomainView = { decided: [], draining: [] }

export function addRange(view: ClusterView, record: RangeAdd, index: number): Step | Refused {
  const range = rangeOf(record)
  if (!liesInside(range, record.domain)) {
    return {
      refused: `${formatRange(range)} does not lie in subnet ${record.domain}; correct the range or the subnet`
    }
  }
  const domain = view.domains.get(record.domain) ?? noDomain
  const other = domain.decided.find(run => rangesOverlap(run, range))
  if (other !== undefined) {
    return {
      refused: `${formatRange(range)} overlaps ${formatRange(other)} of ${record.domain}, which is under custody already; add only what is new`
    }
  }
  // An address has one custody, whatever subnet it is named with.
  for (const [name, { decided: theirs }] of view.domains) {
    if (name === record.domain || !theirs.some(run => rangesOverlap(run, range))) continue
    return {
      refused: `subnet ${record.domain} overlaps ${name}, which is under custody already; name one of the two in all pools`
    }
  }
  const holders: Member[] = []
  for (const incarnation of record.holders) {
    const holder = livingMember(view, incarnation, 'holder')
    if ('refused' in holder) return holder
    holders.push(holder)
  }
  const decided = [...domain.decided, ...equalParts(range, holders, index)]
  return withDomain(view, record.domain, { ...domain, decided })
}

/** Contiguous parts in the order of holders, the first ones one longer; who would get nothing has no run. */
function equalParts({ start, end }: AddressRange, holders: readonly Member[], fence: number) {
  const count = BigInt(holders.length)
  const [length, longer] = [(end - start) / count, (end - start) % count]
  const runs: Run[] = []
  let from: bigint = start
  for (const [i, holder] of holders.entries()) {
    const to = from + length + (BigInt(i) < longer ? 1n : 0n)
    if (to === from) break
    runs.push({ start: from as Address, end: to, register: decidedRegister(fence, holder.index) })
    from = to
  }
  return runs
}

/** What follows from the registry was written by no member. */
function decidedRegister(fence: number, owner: MemberIndex): Register {
  return { fence, seq: 0, owner, writer: retired, wctr: 0, tail: '' }
}

export function drainRange(view: ClusterView, record: RangeDrain): Step | Refused {
  return withDraining(view, record, (draining, range) => draining.union(range))
}

export function keepRange(view: ClusterView, record: RangeKeep): Step | Refused {
  return withDraining(view, record, (draining, range) => draining.subtract(range))
}

function withDraining(
  view: ClusterView,
  record: RangeDrain | RangeKeep,
  combine: (draining: AddressSet, range: AddressSet) => AddressSet
): Step | Refused {
  const domain = view.domains.get(record.domain) ?? noDomain
  const range = AddressSet.of([rangeOf(record)])
  const [outside] = range.subtract(AddressSet.of(domain.decided)).ranges()
  if (outside !== undefined) return { refused: notUnderCustody(outside, record.domain) }
  const draining = [...combine(AddressSet.of(domain.draining), range).ranges()]
  return withDomain(view, record.domain, { ...domain, draining })
}

export function decideOwner(view: ClusterView, record: Resolve, index: number): Step | Refused {
  const start = parseAddress(record.address)
  assert(start !== undefined, 'the address of a parsed record is one')
  const range = { start, end: start + 1n }
  const domain = view.domains.get(record.domain) ?? noDomain
  if (!domain.decided.some(run => rangeContains(run, start))) {
    return { refused: notUnderCustody(range, record.domain) }
  }
  const owner = livingMember(view, record.owner, 'owner')
  if ('refused' in owner) return owner
  const run = { ...range, register: decidedRegister(index, owner.index) }
  return withDomain(view, record.domain, { ...domain, decided: [...domain.decided, run] })
}

function notUnderCustody(range: AddressRange, domain: string): string {
  return `${formatRange(range)} of ${domain} is not under custody; name addresses of a range that was added`
}

function withDomain(view: ClusterView, name: string, domain: DomainView): Step {
  return { domains: new Map(view.domains).set(name, domain) }
}

function rangeOf({ first, last }: RangeAdd | RangeDrain | RangeKeep): AddressRange {
  const range = parseRange(`${first}-${last}`)
  assert(!('problem' in range), 'the range of a parsed record is one')
  return range
}

/** Both ends decide, and the family: a subnet of IPv6 can have all of IPv4 in its midst. */
function liesInside(range: AddressRange, domain: string): boolean {
  const cidr = parseCidr(domain)
  assert(!('problem' in cidr), 'the domain of a parsed record is one')
  const { start, end } = cidr.range
  return range.start >= start && range.end <= end && familyOf(range.start) === cidr.family
}
