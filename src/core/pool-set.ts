// All pools of a node together: which documents are in force, and why the others are not.

import { AddressSet } from './address-set.ts'
import { assert } from './assert.ts'
import { formatCidr } from './cidr.ts'
import { divided } from './divided-subnet.ts'
import { type IpPool, type PoolSpec, poolOf } from './ip-pool.ts'
import {
  parsePoolSpec,
  parseReserved,
  type PoolDocument,
  type PoolProblem,
  type Refused
} from './pool-document.ts'
import { type Candidate, problemOf, settleConflicts } from './pool-conflicts.ts'

export interface PoolSet {
  /** By name, in document order; pools kept from a place that cannot be read now come last. */
  readonly pools: ReadonlyMap<string, IpPool>
  /** The union of all SpiderReservedIP in force, already taken away from the pools. */
  readonly reserved: AddressSet
  /** The problems of the listing, then those found here. */
  readonly problems: readonly PoolProblem[]
  /** The documents that made `pools` and `reserved`: what the next pool set falls back on. */
  readonly inForce: readonly PoolDocument[]
}

export const emptyPoolSet: PoolSet = {
  pools: new Map(),
  reserved: AddressSet.empty,
  problems: [],
  inForce: []
}

/**
 * Judge the documents of a listing together. A document that is refused leaves the version in force
 * as it was, and so does one whose place could not be read (`unread` of a problem of the listing).
 * Reserved addresses of now are taken away from all pools, also from those that stay as they were.
 */
export function buildPoolSet(
  documents: readonly PoolDocument[],
  previous: PoolSet | undefined = emptyPoolSet,
  listingProblems: readonly PoolProblem[] = []
): PoolSet {
  const problems = [...listingProblems]
  const given = withoutDuplicates(documents, previous, problems)
  const all = [...given, ...outOfSight(given, previous, listingProblems)]

  const reservations = judge(all, 'SpiderReservedIP', previous, problems, parseReserved)
  const read = (document: PoolDocument) => {
    const next = parsePoolSpec(document)
    return 'problems' in next ? next : (changeRefused(next, previous) ?? next)
  }
  const settled = settleConflicts(
    [
      ...judge(all, 'SpiderIPPool', previous, problems, read),
      ...judge(all, 'SpiderSubnet', previous, problems, read)
    ],
    problems
  )
  const reserved = AddressSet.of(reservations.flatMap(({ now }) => [...now.value.ranges()]))
  const specs = divided(settled.map(({ value }) => value))
  const pools = new Map(specs.map(spec => [spec.name, poolOf(spec, reserved)]))
  const inForce = [...settled, ...reservations.map(({ now }) => now)].map(
    ({ document }) => document
  )
  return { pools, reserved, problems, inForce }
}

function keyOf({ kind, name }: PoolDocument): string {
  return `${kind}/${name}`
}

/** Of documents of one name, the one that is in force wins, else the first. */
function withoutDuplicates(
  documents: readonly PoolDocument[],
  previous: PoolSet,
  problems: PoolProblem[]
): PoolDocument[] {
  const sources = new Map(previous.inForce.map(document => [keyOf(document), document.source]))
  const chosen = new Map<string, PoolDocument>()
  for (const document of documents) {
    const key = keyOf(document)
    const isInForce = document.source === sources.get(key)
    if (isInForce || !chosen.has(key)) chosen.set(key, document)
  }
  return documents.filter(document => {
    const winner = chosen.get(keyOf(document)) as PoolDocument
    if (winner === document) return true
    const problem = `metadata.name: ${winner.source} is a ${document.kind} of this name already`
    problems.push({ source: document.source, name: document.name, problem })
    return false
  })
}

/** Documents in force that are not given, because the place they came from could not be read. */
function outOfSight(
  given: readonly PoolDocument[],
  previous: PoolSet,
  problems: readonly PoolProblem[]
): PoolDocument[] {
  const unread = problems.flatMap(problem => problem.unread ?? [])
  const seen = new Set(given.map(keyOf))
  return previous.inForce.filter(document => {
    const { file } = document
    if (file === undefined || seen.has(keyOf(document))) return false
    return unread.some(path => file === path || file.startsWith(`${path}/`))
  })
}

/** Read the documents of one kind; one that is refused is replaced by what is in force. */
function judge<T extends object>(
  documents: readonly PoolDocument[],
  kind: PoolDocument['kind'],
  previous: PoolSet,
  problems: PoolProblem[],
  read: (document: PoolDocument) => T | Refused
): Candidate<T>[] {
  const inForce = new Map(previous.inForce.map(document => [keyOf(document), document]))
  const candidates: Candidate<T>[] = []
  for (const document of documents.filter(one => one.kind === kind)) {
    const old = inForce.get(keyOf(document))
    const before = old && { document: old, value: accepted(read(old)) }
    const value = read(document)
    if (!('problems' in value)) candidates.push({ now: { document, value }, before })
    else {
      for (const problem of value.problems) problems.push(problemOf(document, problem, before))
      if (before !== undefined) candidates.push({ now: before, before })
    }
  }
  return candidates
}

function accepted<T extends object>(value: T | Refused): T {
  assert(!('problems' in value), 'a document in force has been read before')
  return value
}

/** Running pods hold addresses and routes of the subnet, so it stays as long as the pool. */
function changeRefused({ name, subnet }: PoolSpec, previous: PoolSet): Refused | undefined {
  const before = previous.pools.get(name)?.subnet
  if (before === undefined || formatCidr(before) === formatCidr(subnet)) return undefined
  const was = `it is ${formatCidr(before)}; make a pool of another name`
  return { problems: [`spec.subnet: "${formatCidr(subnet)}" must not change, ${was}`] }
}
