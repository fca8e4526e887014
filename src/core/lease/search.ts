// Looking for free addresses of one pool at other members: whom to ask next, and when it is certain that there
// is nothing to be had. Pure but for being changed in place; the broker sends what it says.

import type { Holding } from '../protocol.ts'
import { Asked, isRecent } from './asked.ts'
import { Hints } from './hints.ts'
import { answerMs, Reach } from './reach.ts'
import type { MemberIndex } from './register.ts'

/** How many donors are asked at a time: one, several when many pods wait, more when hints are used up. */
const donorsMax = 4
const crowd = 16
const sweepMax = 8

export { answerMs } from './reach.ts'

/** How long all know that a pool is full. Meanwhile donors remember who waits. */
const fullMs = 10_000

/** Between two complete rounds that found nothing while addresses were on their way. */
const roundPauseMs = { least: 50, most: 1_000 }

/** After a prefetch that found nothing. */
const prefetchPauseMs = 5_000

export interface Question {
  readonly to: MemberIndex
  readonly demand: number
  readonly wish: number
}

interface Counts {
  readonly used: number
  readonly cooling: number
}

export type Verdict =
  | ({ readonly type: 'Full' } & Counts)
  | ({ readonly type: 'Unreachable'; readonly silent: readonly MemberIndex[] } & Counts)

export class Search {
  readonly #chance: () => number
  readonly #accounts: boolean
  readonly #hints = new Hints()
  readonly #asked = new Asked()
  /** Who has said in this round that there is nothing. */
  readonly #said = new Map<MemberIndex, Holding>()
  #members: readonly MemberIndex[] = []
  readonly #reach = new Reach()
  #waiting = 0
  #wish = 0
  #own: Holding = { free: 0, used: 0, cooling: 0, waiting: 0 }
  #total = 0
  #verdict: { readonly verdict: Verdict; readonly until: number } | undefined
  #pausedUntil = 0
  #foundNothing = false
  #pause = roundPauseMs.least
  #prefetchedAt = -prefetchPauseMs

  /** `accounts`: full is said only when every address is accounted for. */
  constructor(chance: () => number, accounts = true) {
    this.#chance = chance
    this.#accounts = accounts
  }

  /** How many addresses a member seems to have to give. */
  hinted(member: MemberIndex): number {
    return this.#hints.freeOf(member)
  }

  /** All other living members, and those of them that cannot be reached now, or not without dialling. */
  setMembers(
    members: readonly MemberIndex[],
    unreachable: ReadonlySet<MemberIndex>,
    now: number,
    distant: ReadonlySet<MemberIndex> = new Set()
  ): void {
    const isBack = this.#reach.set(unreachable, distant, now)
    this.#members = members
    const known = new Set(members)
    this.#asked.keep(known)
    for (const kept of [this.#hints, this.#said]) {
      for (const member of kept.keys()) if (!known.has(member)) kept.delete(member)
    }
    // Somebody came back: what was said without it is no verdict any more.
    if (isBack) this.#forgetRound()
  }

  need(waiting: number, wish: number, own: Holding, total: number): void {
    // What was lost or said before anybody waited is nothing to go by now: pods have come and gone since.
    if (this.#waiting === 0 && waiting > 0) {
      if (this.#verdict === undefined) this.#said.clear()
      this.#asked.clear()
    }
    this.#waiting = waiting
    this.#wish = wish
    this.#own = own
    this.#total = total
  }

  /** How many addresses of the pool each member owned when it was last heard of. */
  setOwners(owners: ReadonlyMap<MemberIndex, number>): void {
    for (const member of this.#members) this.#hints.own(member, owners.get(member) ?? 0)
  }

  hint(member: MemberIndex, holding: Holding): void {
    if (!this.#members.includes(member)) return
    this.#hints.say(member, holding)
    if (holding.free > 0 && this.#verdict?.verdict.type === 'Full') this.#forgetRound()
  }

  /** What others seem to have, all of them together. */
  get elsewhere(): number {
    return this.#members.reduce((sum, member) => sum + this.#hints.freeOf(member), 0)
  }

  /** Addresses came from this member. */
  granted(from: MemberIndex, holding: Holding, now: number): void {
    this.#hasAnswered(from)
    this.#verdict = undefined
    this.#pausedUntil = now
    this.#pause = roundPauseMs.least
    this.#keepSaid(from, holding)
  }

  /** This member has answered that question before: what it has is news, that it gave nothing is none. */
  repeated(from: MemberIndex, holding: Holding): void {
    this.#hasAnswered(from)
    this.#keepSaid(from, holding)
  }

  /** This member has nothing to give now; others may, it thinks. */
  denied(from: MemberIndex, holding: Holding, referrals: readonly MemberIndex[]): void {
    this.#hasAnswered(from)
    this.#said.set(from, holding)
    this.hint(from, { ...holding, free: 0 })
    for (const member of referrals) {
      const isNew = this.#members.includes(member) && !this.#said.has(member)
      if (isNew && this.#hints.freeOf(member) === 0) this.#hints.suspect(member)
    }
  }

  /** Whom to ask now. */
  next(now: number): Question[] {
    this.#expire(now)
    if (this.#waiting === 0) return this.#prefetch(now)
    if (this.verdict(now) !== undefined || now < this.#pausedUntil) return []
    const questions = this.#repeat(now)
    const hinted = this.#candidates(true)
    // Everybody else is many: at a busy donor's they would only be in its way, a thousand at a time.
    if (hinted.length === 0 && this.#isPromising(now)) return questions
    const limit = hinted.length > 0 ? (this.#waiting > crowd ? donorsMax : 1) : sweepMax
    const candidates = hinted.length > 0 ? hinted : this.#candidates(false)
    while (this.#asked.inTime < limit && candidates.length > 0) {
      const to = this.#pick(candidates)
      this.#asked.ask(to, now)
      const demand = hinted.length > 0 ? this.#waiting : 1
      questions.push({ to, demand, wish: demand + this.#wish })
    }
    if (this.#asked.isNobody) this.#conclude(now)
    return questions
  }

  /** What is certain now; undefined while there is hope. */
  verdict(now: number): Verdict | undefined {
    if (this.#verdict !== undefined && now >= this.#verdict.until) this.#forgetRound()
    return this.#verdict?.verdict
  }

  /** Whether a round of everybody who can be asked has come to nothing since this was asked last. */
  takeFoundNothing(): boolean {
    const found = this.#foundNothing
    this.#foundNothing = false
    return found
  }

  get isIdle(): boolean {
    return this.#waiting === 0 && this.#asked.isNobody
  }

  /** How many addresses of the pool are in use anywhere, as far as it was said. */
  get used(): number {
    let used = this.#own.used
    for (const { used: there } of this.#said.values()) used += there
    return used
  }

  /** Somebody who seems to have some is being asked, and has not had half of its time yet. */
  #isPromising(now: number): boolean {
    const early = this.#asked.early(now, member => this.#reach.patienceMs(member))
    return early.some(member => this.#hints.freeOf(member) > 0)
  }

  /** Who seems to have some and is late, since it is busy or was not reached, is asked again beside the others. */
  #repeat(now: number): Question[] {
    const questions: Question[] = []
    for (const to of this.#asked.excused(now)) {
      if (this.#hints.freeOf(to) === 0 || this.#reach.isOut(to)) continue
      this.#asked.ask(to, now)
      questions.push({ to, demand: this.#waiting, wish: this.#waiting + this.#wish })
    }
    return questions
  }

  #prefetch(now: number): Question[] {
    if (this.#wish === 0 || !this.#asked.isNobody) return []
    if (now - this.#prefetchedAt < prefetchPauseMs) return []
    const candidates = this.#candidates(true)
    if (candidates.length === 0) return []
    this.#prefetchedAt = now
    const to = this.#pick(candidates)
    this.#asked.ask(to, now)
    return [{ to, demand: 0, wish: this.#wish }]
  }

  #hasAnswered(from: MemberIndex): void {
    this.#asked.answered(from)
    this.#reach.heard(from)
  }

  #keepSaid(from: MemberIndex, holding: Holding): void {
    this.hint(from, holding)
    if (holding.free > 0) this.#said.delete(from)
    else this.#said.set(from, holding)
  }

  #candidates(hinted: boolean): MemberIndex[] {
    return this.#members.filter(
      member =>
        !this.#asked.has(member) &&
        !this.#said.has(member) &&
        !this.#reach.isOut(member) &&
        (!hinted || this.#hints.freeOf(member) > 0)
    )
  }

  /** Of two at random the one that has more: spreads the load without asking the poor. Removes it. */
  #pick(candidates: MemberIndex[]): MemberIndex {
    const free = (at: number) => this.#hints.freeOf(candidates[at] as MemberIndex)
    const [a, b] = [this.#index(candidates), this.#index(candidates)]
    const [chosen] = candidates.splice(free(b) > free(a) ? b : a, 1)
    return chosen as MemberIndex
  }

  #index(candidates: readonly unknown[]): number {
    return Math.floor(this.#chance() * candidates.length)
  }

  /** Who has not answered in time is asked last. */
  #expire(now: number): void {
    this.#reach.expire(now)
    for (const member of this.#asked.expire(now, late => this.#reach.patienceMs(late))) {
      if (!this.#reach.miss(member, now)) this.#asked.miss(member)
    }
  }

  /** Everybody was asked. */
  #conclude(now: number): void {
    if (this.#forgive(now)) return
    this.#foundNothing = true
    const silent = this.#members.filter(
      member => this.#asked.isLate(member) || this.#reach.isOut(member)
    )
    const all = [this.#own, ...this.#said.values()]
    const cooling = all.reduce((sum, one) => sum + one.cooling, 0)
    // Of some members nothing is known; what cools down at the others is as good as free, a little later.
    const isComing = silent.length === 0 ? this.used < this.#total : cooling > 0
    if (this.#accounts && isComing) return this.#pauseRound(now)
    const verdict: Verdict =
      silent.length === 0
        ? { type: 'Full', used: this.used, cooling }
        : { type: 'Unreachable', silent, used: this.used, cooling }
    const until = now + (silent.length === 0 ? fullMs * (1 + this.#chance() / 4) : 2 * answerMs)
    this.#verdict = { verdict, until }
  }

  /** Whether somebody is only late: it is asked again, and nothing is certain before it has answered. */
  #forgive(now: number): boolean {
    for (const late of this.#asked.excused(now)) {
      if (!this.#reach.isOut(late)) this.#asked.forgive(late)
    }
    if (this.#candidates(false).length > 0) return true
    return this.#reach.since().some(since => isRecent(since, now))
  }

  /** Addresses are on their way somewhere, or cool down: look again, but not in a hurry. */
  #pauseRound(now: number): void {
    this.#forgetRound()
    this.#pausedUntil = now + this.#pause * (0.5 + this.#chance())
    this.#pause = Math.min(this.#pause * 2, roundPauseMs.most)
  }

  #forgetRound(): void {
    this.#said.clear()
    this.#asked.forgiveAll()
    this.#verdict = undefined
  }
}
