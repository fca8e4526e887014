// What a node makes of registers that another node sent. Merging alone would believe anybody; these guards
// say which registers may be merged, and which of them are news about the node itself.

import type { Address } from '../address.ts'
import type { AddressRange } from '../address-range.ts'
import { AddressSet } from '../address-set.ts'
import type { Contest } from './contest.ts'
import type { LeaseMap } from './lease-map.ts'
import {
  compareKeys,
  compareRegisters,
  type MemberIndex,
  type Register,
  retired,
  type Run,
  sameRegister
} from './register.ts'
import { append, flatten } from './run-list.ts'

/** How many addresses of one run are listed as contested: a cloned /64 would be more than memory holds. */
export const contestsMax = 1024

/** Every incoming address is in one of these, in two of them, or says nothing new. */
export interface Verdict {
  /** To be merged; gifts are among them. */
  readonly accepted: readonly Run[]
  /** Addresses that became this node's own. */
  readonly gifts: readonly AddressRange[]
  /** What this node did or lost and does not remember: it must stop and find out. */
  readonly forgotten: readonly Run[]
  /** New or known ones; a contested register may be accepted as well, where merging prefers it. */
  readonly contests: readonly Contest[]
  /** Of members that the registry, as far as it is known here, does not have. */
  readonly refused: readonly Run[]
}

interface Findings {
  readonly accepted: Run[]
  readonly gifts: AddressRange[]
  readonly forgotten: Run[]
  readonly contests: Contest[]
}

/** Which guard decides about a register where `held` is known. */
type Ruling = 'Stale' | 'Contest' | 'Gift' | 'Forgotten' | 'Accepted'

/**
 * Judge runs that may overlap one another, over what is held. `me` is `retired` at a node that is no
 * member, `knows` says who is or was one. Nothing is applied.
 */
export function judge(
  map: LeaseMap,
  incoming: readonly Run[],
  me: MemberIndex,
  knows: (member: MemberIndex) => boolean
): Verdict {
  const isKnown = (member: MemberIndex) => member === retired || knows(member)
  const [known, refused]: [Run[], Run[]] = [[], []]
  // G5: whoever sends custody of a member has its Join record, and was to hand that over first.
  for (const run of incoming) {
    const { owner, writer } = run.register
    ;(isKnown(owner) && isKnown(writer) ? known : refused).push(run)
  }
  const findings: Findings = { accepted: [], gifts: [], forgotten: [], contests: [] }
  for (const run of flatten(known)) {
    let room = contestsMax
    for (const { part, held } of overlay(map, run)) room -= file(findings, part, held, me, room)
  }
  return { ...findings, gifts: [...AddressSet.of(findings.gifts).ranges()], refused }
}

function ruleOn(register: Register, held: Register | undefined, me: MemberIndex): Ruling {
  const isMe = (member: MemberIndex | undefined) => me !== retired && member === me
  if (held !== undefined) {
    if (compareKeys(register, held) < 0 || sameRegister(register, held)) return 'Stale'
    // A key is written once. Two contents mean a rollback, a clone or a mistake, and only people know which.
    if (compareKeys(register, held) === 0) return 'Contest'
  }
  // G7: a grant whose message was lost, or an heir's claim for this node. It names this incarnation, whose
  // database would remember having passed the address on, under a higher key.
  if (isMe(register.owner)) return 'Gift'
  // G6: only this node can pass its own addresses on, and it has no memory of having done so; nor may it
  // have written what it does not remember. To accept the loss would hide a rollback.
  if (isMe(held?.owner) || isMe(register.writer)) return 'Forgotten'
  // G8: news about others; the higher key stays.
  return 'Accepted'
}

/** Returns how many contested addresses were listed, at most `room`. */
function file(
  { accepted, gifts, forgotten, contests }: Findings,
  part: Run,
  held: Register | undefined,
  me: MemberIndex,
  room: number
): number {
  const ruling = ruleOn(part.register, held, me)
  if (ruling === 'Accepted' || ruling === 'Gift') append(accepted, part)
  if (ruling === 'Gift') gifts.push({ start: part.start, end: part.end })
  if (ruling === 'Forgotten') append(forgotten, part)
  if (ruling !== 'Contest' || held === undefined) return 0
  if (mayReplace(held, part.register, me)) append(accepted, part)
  const listed = contestsOf(part, held, room)
  contests.push(...listed)
  return listed.length
}

/**
 * Bystanders merge contested registers like all others, so that they agree; but what this node owns or
 * would come to own by a register of equal key stays as it is.
 */
function mayReplace(held: Register, register: Register, me: MemberIndex): boolean {
  const isOwn = me !== retired && (held.owner === me || register.owner === me)
  return !isOwn && compareRegisters(register, held) > 0
}

function contestsOf({ start, end, register }: Run, held: Register, room: number): Contest[] {
  const claims: Contest['claims'] =
    compareRegisters(register, held) > 0 ? [register, held] : [held, register]
  const count = end - start < BigInt(room) ? Number(end - start) : room
  return Array.from({ length: count }, (_, i) => ({
    address: (start + BigInt(i)) as Address,
    claims
  }))
}

/** The run cut wherever what is held changes. */
function* overlay(map: LeaseMap, run: Run): Generator<{ part: Run; held: Register | undefined }> {
  const { register } = run
  let start = run.start
  for (const stored of map.within(run)) {
    if (start < stored.start)
      yield { part: { start, end: stored.start, register }, held: undefined }
    yield { part: { start: stored.start, end: stored.end, register }, held: stored.register }
    start = stored.end as Address
  }
  if (start < run.end) yield { part: { start, end: run.end, register }, held: undefined }
}
