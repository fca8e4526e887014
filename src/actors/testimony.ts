// Notes are compared with other members, and questions answered that have to be certain: what is known of a
// domain, by everybody, before somebody takes over or serves again.

import { AddressSet } from '../core/address-set.ts'
import { deltaAbove, raiseMarks } from '../core/lease/digest.ts'
import { plausibleContests } from '../core/lease/plausible.ts'
import {
  compareKeys,
  type MemberIndex,
  type Register,
  retired,
  type Run,
  sameRegister
} from '../core/lease/register.ts'
import type { BodyOf, Marks } from '../core/protocol.ts'
import { type ClusterView, resolve } from '../core/registry/cluster-view.ts'
import type { Desk } from './desk.ts'
import type { Evidence } from './evidence.ts'
import type { Conclude } from './messages/subnet.ts'

/** A message stays far below the largest frame. */
const runsPerDelta = 2_048
/** After a clone there may be more than a message carries; who has any of them knows of the clone. */
const contestsPerDelta = 256
/** What is claimed under one count has to fit one message later. */
const claimsAtOnce = 512

export class Testimony {
  readonly #desk: Desk
  readonly #evidence: Evidence
  /** Of the question whose answers are expected now. */
  nonce: string | undefined
  /** An inheritance is being looked into. */
  isInheriting = false
  /** One has been taken over: without the standing duty that is all there will be. */
  #hasInherited = false

  constructor(desk: Desk, evidence: Evidence) {
    this.#desk = desk
    this.#evidence = evidence
  }

  /** A member knows something else: tell it how far this node's knowledge goes. */
  summarise(to: MemberIndex): void {
    const { domain } = this.#desk
    this.#desk.post(to, { type: 'Summary', domain, ...this.#summary() })
  }

  #summary(): { hash: string; marks: Marks } {
    const { custody } = this.#desk
    return { hash: custody.map.hash(), marks: [...custody.marks] }
  }

  summaryHeard(from: MemberIndex, summary: BodyOf<'Summary'>): void {
    this.#weighMarks(from, summary.marks)
    this.#tell(from, summary, true)
  }

  deltaHeard(from: MemberIndex, delta: BodyOf<'Delta'>): void {
    const { custody } = this.#desk
    const verdict = custody.judge(delta.runs)
    this.#evidence.weigh(verdict, from)
    this.#weighMarks(from, delta.raise)
    if (delta.reverse !== undefined) this.#weighMarks(from, delta.reverse.marks)
    // What was not taken is not known, so the writer's mark stays below it and it comes again.
    const refused = new Set([...verdict.refused, ...verdict.forgotten].map(r => r.register.writer))
    const marks = raiseMarks(custody.marks, delta.raise, refused).filter(
      ([writer]) => writer !== custody.me
    )
    const heard = plausibleContests(custody.view, this.#desk.domain, delta.contests)
    const contests = [...verdict.contests, ...heard]
    if (!this.#desk.merge({ accepted: verdict.accepted, contests }, marks)) return
    if (delta.reverse !== undefined) this.#tell(from, delta.reverse, false)
  }

  #tell(
    to: MemberIndex,
    theirs: { readonly hash: string; readonly marks: Marks },
    wantsReverse: boolean
  ): void {
    const { domain, custody, rules } = this.#desk
    const known = new Map(theirs.marks)
    const isMore = [...custody.marks].some(([writer, mark]) => mark > (known.get(writer) ?? 0))
    const isLess = theirs.marks.some(([writer, mark]) => mark > (custody.marks.get(writer) ?? 0))
    const hash = custody.map.hash()
    // Equal marks and other content: a writer was rolled back, or the counters lie. Everything goes over.
    const isAll = !isMore && !isLess && hash !== theirs.hash
    const delta = deltaAbove(
      custody.map.runs(),
      isAll ? new Map() : known,
      custody.marks,
      runsPerDelta
    )
    const raise = rules.cutMarks ? delta.raise : [...custody.marks]
    const contests = hash === theirs.hash ? [] : custody.contests.slice(-contestsPerDelta)
    const isSilent = delta.runs.length === 0 && raise.length === 0 && contests.length === 0
    if (isSilent && !(wantsReverse && isLess)) return
    this.#desk.post(to, {
      type: 'Delta',
      domain,
      runs: delta.runs,
      raise,
      contests,
      ...(wantsReverse && { reverse: this.#summary() })
    })
  }

  #weighMarks(from: MemberIndex, marks: Marks): void {
    const { me } = this.#desk.custody
    const own = marks.find(([writer]) => writer === me)
    if (own !== undefined) this.#evidence.suspect(own[1], from)
  }

  /** An heir asks. The promise: membership drops whatever comes from those who are removed by now. */
  collect(from: MemberIndex, { nonce, round }: BodyOf<'Collect'>): void {
    const { custody, domain, rules, isUnconfirmed } = this.#desk
    if (round > custody.view.index) return
    // What this node forgot in its sleep is missing in what it says.
    if (rules.vouchConfirmed && isUnconfirmed) return
    const runs = custody.map.runs()
    const live = [...custody.book.occupied().ranges()]
    this.#desk.post(from, { type: 'Collected', domain, nonce, runs, live })
  }

  /**
   * An answer to this node's own question is knowledge from now on, before its round is complete: whoever said
   * it may be removed meanwhile, and what this node then answers another heir must have it. False when the
   * registry as it is known here does not explain all of it, so that the member has to be asked again.
   */
  collected(from: MemberIndex, { nonce, runs }: BodyOf<'Collected'>): boolean {
    const { custody, rules } = this.#desk
    if (!rules.testimonyAtOnce) return true
    if (rules.nonce && nonce !== this.nonce) return false
    const verdict = custody.judge(runs)
    this.#evidence.weigh(verdict, from)
    return this.#desk.merge(verdict) && verdict.refused.length === 0
  }

  /** A member that was away asks what it has forgotten. Answered also by those who wait for the same. */
  confirm(
    from: MemberIndex,
    { nonce, runs }: BodyOf<'Confirm'>,
    isTaken: (wctr: number) => boolean
  ): void {
    const { custody, domain, rules } = this.#desk
    const newer: Run[] = rules.confirmGiven ? this.#unlisted(from, runs, isTaken) : []
    for (const asked of runs) {
      for (const held of custody.map.within(asked)) {
        const order = compareKeys(held.register, asked.register)
        if (order > 0 || (order === 0 && !sameRegister(held.register, asked.register))) {
          newer.push(held)
        }
      }
    }
    const live = [...custody.book.liveRanges().intersect(AddressSet.of(runs)).ranges()]
    // What it wrote and somebody else has overwritten counts as well: it may be all that proves a rollback.
    const wctr = custody.countOf(from)
    // Any one of them is proof enough.
    newer.length = Math.min(newer.length, runsPerDelta)
    this.#desk.post(from, { type: 'Confirmed', domain, nonce, newer, wctr, live })
  }

  /** What the asker once had, by its own word or by what it acknowledged, and does not name as its own. */
  #unlisted(asker: MemberIndex, listed: readonly Run[], isTaken: (wctr: number) => boolean): Run[] {
    const { custody } = this.#desk
    const { me, map, view } = custody
    const onTheWay = new Set(
      custody.grants.filter(({ to, wctr }) => to === asker && !isTaken(wctr)).map(one => one.wctr)
    )
    const knew = ({ writer, wctr }: Register): boolean => {
      if (writer === asker) return true
      if (writer === me) return !onTheWay.has(wctr)
      // The registry tells it what it decided; whoever lives says itself what was acknowledged.
      return writer !== retired && view.members.get(writer)?.removed !== undefined
    }
    const known = map.runsOf(asker).filter(run => knew(run.register))
    const unlisted = AddressSet.of(known).subtract(AddressSet.of(listed))
    return [...unlisted.ranges()].flatMap(range => map.within(range))
  }

  /** Is there anything that this node inherits? */
  hasInheritance(): boolean {
    const { custody, rules } = this.#desk
    if (!rules.standingDuty && this.#hasInherited) return false
    return custody.me !== undefined && this.#inherited(custody.view, custody.me).length > 0
  }

  /** What comes to this node by removals up to this record. */
  #inherited(view: ClusterView, me: MemberIndex, upTo = view.index): Run[] {
    const isHeirOf = new Map<MemberIndex, boolean>()
    const gone = [...view.members.values()].filter(({ removed }) => removed !== undefined)
    if (gone.length === 0) return []
    for (const { index } of gone) {
      isHeirOf.set(index, resolve(view, index)?.index === me && fenceOf(view, index) <= upTo)
    }
    return this.#desk.custody.map.runs().filter(run => isHeirOf.get(run.register.owner) === true)
  }

  /** A round is complete: take over what is left of those who are gone, for whoever has a pod there. */
  conclude({ round, runs, live }: Conclude): void {
    this.isInheriting = false
    this.#hasInherited = true
    const { custody, log, domain, rules } = this.#desk
    const { me, view } = custody
    if (me === undefined) return
    const verdict = custody.judge(runs)
    this.#evidence.weigh(verdict, me)
    if (!this.#desk.merge(verdict)) return
    // Who was removed since has answered as a member, and others may have taken something from it afterwards.
    const byFence = Map.groupBy(this.#inherited(view, me, round), ({ register }) =>
      rules.claimFence ? fenceOf(view, register.owner) : register.fence
    )
    for (const [fence, inherited] of byFence) {
      const claims = inherited.flatMap(run => [...this.#owners(run, live, me)])
      for (let at = 0; at < claims.length; at += claimsAtOnce) {
        const change = custody.planClaim(fence, claims.slice(at, at + claimsAtOnce))
        if (!this.#desk.commit(change)) return
        const owners = new Set(change.runs.added.map(({ register }) => register.owner))
        for (const owner of owners) if (owner !== me) this.#tellGift(owner, change.runs.added)
      }
      log.info(
        { domain, fence, runs: claims.length },
        'took over the addresses of a removed member'
      )
    }
  }

  *#owners(run: Run, live: Conclude['live'], me: MemberIndex) {
    // What pods of this node have it keeps, whoever else says to have pods there.
    const own = this.#desk.book.liveRanges()
    let left = AddressSet.of([run])
    for (const range of left.intersect(own).ranges()) yield { range, owner: me }
    left = left.subtract(own)
    for (const [owner, addresses] of live) {
      if (this.#desk.custody.view.members.get(owner)?.removed !== undefined) continue
      for (const range of left.intersect(addresses).ranges()) yield { range, owner }
      left = left.subtract(addresses)
    }
    for (const range of left.ranges()) yield { range, owner: me }
  }

  #tellGift(owner: MemberIndex, added: readonly Run[]): void {
    const { domain } = this.#desk
    const runs = added.filter(({ register }) => register.owner === owner)
    this.#desk.post(owner, { type: 'Delta', domain, runs, raise: [], contests: [] })
  }
}

/** The highest fence on the way from a removed member to its living heir: no heir before could have used it. */
function fenceOf(view: ClusterView, member: MemberIndex): number {
  let fence = 0
  for (let at = view.members.get(member); at?.removed !== undefined;) {
    fence = Math.max(fence, at.removed.fence)
    at = view.members.get(at.removed.heir)
  }
  return fence
}
