// Two documents that cannot both be in force: which of them is.

import { formatRange } from './address-range.ts'
import { AddressSet } from './address-set.ts'
import { assert } from './assert.ts'
import { cidrsOverlap, formatCidr } from './cidr.ts'
import type { PoolSpec } from './ip-pool.ts'
import type { PoolDocument, PoolProblem } from './pool-document.ts'

/** What one document says, read. */
export interface Version<T> {
  readonly document: PoolDocument
  readonly value: T
}

/** What is to be in force under one name, and what is in force until then. */
export interface Candidate<T> {
  readonly now: Version<T>
  readonly before: Version<T> | undefined
}

type PoolCandidate = Candidate<PoolSpec>

export function problemOf(
  { source, name }: PoolDocument,
  problem: string,
  before: Version<unknown> | undefined
): PoolProblem {
  const stays = before === undefined ? '' : '; what is in force stays as it is'
  return { source, name, problem: `${problem}${stays}` }
}

/**
 * Let no two pools claim the same addresses. What is in force as it is wins over what is changed,
 * that over what is new, else the first in order. Whoever loses falls back on its version in force,
 * and changed pools that are in the way of that one lose too. Versions in force never conflict with
 * each other, so this ends, at the latest with everything as it was. A pool keeps its subnet, so
 * only a new one can conflict by that. Gives what is in force then, in the order of the candidates.
 */
export function settleConflicts(
  candidates: readonly PoolCandidate[],
  problems: PoolProblem[]
): Version<PoolSpec>[] {
  const registry = new Registry()
  for (const candidate of candidates.toSorted((a, b) => rankOf(b) - rankOf(a))) {
    const conflict = registry.conflictOf(candidate.now.value)
    if (conflict === undefined) registry.add(candidate, candidate.now)
    else {
      problems.push(problemOf(candidate.now.document, conflict, candidate.before))
      fallBack(candidate, registry, problems)
    }
  }
  return candidates.flatMap(candidate => registry.versionOf(candidate) ?? [])
}

function fallBack(loser: PoolCandidate, registry: Registry, problems: PoolProblem[]): void {
  const losers = [loser]
  for (const { before, now } of losers) {
    if (before === undefined) continue
    assert(now !== before, 'versions in force do not conflict')
    for (const rival of registry.rivalsOf(before.value)) {
      registry.remove(rival)
      const conflict = overlapText(rival.now.value, before)
      problems.push(problemOf(rival.now.document, conflict, rival.before))
      losers.push(rival)
    }
  }
  for (const candidate of losers) {
    if (candidate.before !== undefined) registry.add(candidate, candidate.before)
  }
}

function rankOf({ now, before }: PoolCandidate): 0 | 1 | 2 {
  if (before === undefined) return 0
  return isSame(now.value.owned, before.value.owned) ? 2 : 1
}

function isSame(a: AddressSet, b: AddressSet): boolean {
  return a.subtract(b).isEmpty && b.subtract(a).isEmpty
}

interface Peers {
  /** The union of what the pools own, so that thousands of them are compared in passing. */
  owned: AddressSet
  readonly pools: Map<PoolCandidate, Version<PoolSpec>>
}

/** The versions accepted so far, by subnet. */
class Registry {
  readonly #subnets = new Map<string, Peers>()

  versionOf(candidate: PoolCandidate): Version<PoolSpec> | undefined {
    return this.#peersOf(candidate.now.value)?.pools.get(candidate)
  }

  add(candidate: PoolCandidate, version: Version<PoolSpec>): void {
    const { subnet } = version.value
    const owned = claimOf(version.value)
    const peers = this.#peersOf(version.value)
    if (peers === undefined) {
      this.#subnets.set(formatCidr(subnet), { owned, pools: new Map([[candidate, version]]) })
    } else {
      peers.owned = peers.owned.union(owned)
      peers.pools.set(candidate, version)
    }
  }

  remove(candidate: PoolCandidate): void {
    const peers = this.#peersOf(candidate.now.value)
    const version = peers?.pools.get(candidate)
    if (peers === undefined || version === undefined) return
    peers.owned = peers.owned.subtract(claimOf(version.value))
    peers.pools.delete(candidate)
  }

  /** With whom a pool cannot be in force together, as a sentence. */
  conflictOf(pool: PoolSpec): string | undefined {
    const peers = this.#peersOf(pool)
    if (peers === undefined) return this.#subnetConflictOf(pool)
    const twin = pool.isSubnet && peers.pools.values().find(({ value }) => value.isSubnet)
    if (twin)
      return `spec.subnet: "${formatCidr(pool.subnet)}" is that of ${describe(twin)} already`
    const [rival] = this.rivalsOf(pool)
    const version = rival && peers.pools.get(rival)
    return version && overlapText(pool, version)
  }

  /** Who owns some of the pool's addresses. */
  rivalsOf(pool: PoolSpec): PoolCandidate[] {
    const peers = this.#peersOf(pool)
    const owned = claimOf(pool)
    if (peers === undefined || peers.owned.intersect(owned).isEmpty) return []
    const isRival = (other: PoolSpec) => !claimOf(other).intersect(owned).isEmpty
    const rivals = [...peers.pools].filter(([, { value }]) => isRival(value))
    return rivals.map(([candidate]) => candidate)
  }

  #subnetConflictOf({ subnet }: PoolSpec): string | undefined {
    for (const { pools } of this.#subnets.values()) {
      const [other] = pools.values()
      if (other === undefined || !cidrsOverlap(other.value.subnet, subnet)) continue
      const overlap = `"${formatCidr(subnet)}" overlaps ${formatCidr(other.value.subnet)}`
      const rule = 'pools share exactly the same subnet or none of it'
      return `spec.subnet: ${overlap} of ${describe(other)}; ${rule}`
    }
    return undefined
  }

  #peersOf({ subnet }: Pick<PoolSpec, 'subnet'>): Peers | undefined {
    return this.#subnets.get(formatCidr(subnet))
  }
}

/** What no pool beside it may have: a SpiderSubnet leaves its addresses to the pools in it. */
function claimOf({ owned, isSubnet }: PoolSpec): AddressSet {
  return isSubnet ? AddressSet.empty : owned
}

function overlapText(pool: PoolSpec, other: Version<PoolSpec>): string {
  const [shared] = other.value.owned.intersect(pool.owned).ranges()
  assert(shared !== undefined, 'rivals share an address')
  return `spec.ips: "${formatRange(shared)}" belongs to ${describe(other)} already`
}

function describe({ document }: Version<PoolSpec>): string {
  const kind = document.kind === 'SpiderSubnet' ? 'SpiderSubnet' : 'pool'
  return `${kind} ${document.name} (${document.source})`
}
