// Many who want to join at once become members in one record: a record each would be a race in which all but one of
// them lose, again and again. Nobody needs to know of it: who hears that another record was first reads that record,
// and finds itself in it.

import { isObject } from '../fields.ts'
import type { Rules } from '../lease/rules.ts'
import type { ClusterView } from './cluster-view.ts'
import { whyNotJoin } from './membership.ts'
import type { Joining } from './record.ts'
import { parseRecord, recordBytesMax } from './record-text.ts'

/** Some sixteen in a record; whoever has more to say of itself joins alone. */
const joinBytesMax = 4_096
/** For what stands around the members. */
const frameBytes = 512

const encoder = new TextEncoder()

/** A Join record that somebody wants at this index, or as soon as may be. */
export interface JoinAsk {
  readonly index: number
  readonly record: Uint8Array
  readonly joining: Joining
  /** As it was written, with fields that this release does not know. */
  readonly member: string
  readonly memberBytes: number
}

export type Verdict =
  { readonly type: 'Conflict' } | { readonly type: 'Refused'; readonly why: string }

type AdmissionRules = Pick<Rules, 'lateNamesake'>

export interface Gathered<Ask extends JoinAsk> {
  /** The record for all of `taken`; undefined when nobody is. */
  readonly record: Uint8Array | undefined
  readonly taken: readonly Ask[]
  readonly rejected: ReadonlyMap<Ask, Verdict>
  /** For whom the record has no room. */
  readonly left: readonly Ask[]
}

/** Undefined for what is no Join of one member that says no more than it must. */
export function joinAskOf(index: number, record: Uint8Array): JoinAsk | undefined {
  if (record.length > joinBytesMax) return undefined
  const parsed = parseRecord(record)
  if (!('type' in parsed) || parsed.type !== 'Join') return undefined
  const [joining, second] = parsed.members
  const json = JSON.parse(new TextDecoder().decode(record)) as Record<string, unknown>
  const { type: _type, author: _author, atMs: _atMs, members, ...more } = json
  if (joining === undefined || second !== undefined || Object.keys(more).length > 0)
    return undefined
  const [member] = Array.isArray(members) ? members.filter(isObject) : []
  const text = JSON.stringify(member)
  return { index, record, joining, member: text, memberBytes: encoder.encode(text).length }
}

/** As many of `asks`, in their order, as fit into the next record of this registry, which `signed` signs. */
export function gather<Ask extends JoinAsk>(
  view: ClusterView,
  asks: readonly Ask[],
  signed: { readonly author: string; readonly atMs: number },
  rules: AdmissionRules
): Gathered<Ask> {
  const taken: Ask[] = []
  const left: Ask[] = []
  const rejected = new Map<Ask, Verdict>()
  const seen = new Set<string>()
  let bytes = frameBytes
  for (const ask of asks) {
    const { incarnation, node, peer } = ask.joining
    const marks = [`incarnation ${incarnation}`, `peer ${peer}`, `node ${node}`]
    const verdict: Verdict | undefined = marks.some(mark => seen.has(mark))
      ? { type: 'Conflict' }
      : verdictOn(view, ask, rules)
    if (verdict !== undefined) rejected.set(ask, verdict)
    else if (bytes + ask.memberBytes + 1 > recordBytesMax) left.push(ask)
    else {
      for (const mark of marks) seen.add(mark)
      taken.push(ask)
      bytes += ask.memberBytes + 1
    }
  }
  return { record: recordOf(taken, signed), taken, rejected, left }
}

/** Undefined for who may join now. */
export function verdictOn(
  view: ClusterView,
  { index, joining }: JoinAsk,
  { lateNamesake }: AdmissionRules
): Verdict | undefined {
  const why = whyNotJoin(view, view.minWire, joining)
  if (why !== undefined) {
    // Who is late reads first: what has happened since may explain more than a refusal.
    return index === view.index + 1 ? { type: 'Refused', why } : { type: 'Conflict' }
  }
  const isStale = lateNamesake && hasNamesakeSince(view, index, joining.node)
  return isStale ? { type: 'Conflict' } : undefined
}

/** Then the asker may be what that node was before it lost its database, and its question long on the way. */
function hasNamesakeSince({ members }: ClusterView, index: number, node: string): boolean {
  for (const member of members.values())
    if (member.since >= index && member.node === node) return true
  return false
}

function recordOf(
  taken: readonly JoinAsk[],
  { author, atMs }: { readonly author: string; readonly atMs: number }
): Uint8Array | undefined {
  const [only] = taken
  if (only === undefined) return undefined
  if (taken.length === 1) return only.record
  const members = taken.map(({ member }) => member).join(',')
  const rest = JSON.stringify({ author, atMs }).slice(1)
  return encoder.encode(`{"type":"Join","members":[${members}],${rest}`)
}
