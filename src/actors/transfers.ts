// Custody changes hands: this node as the donor that is asked, and as the receiver of what others give.

import type { Address } from '../core/address.ts'
import type { AddressRange } from '../core/address-range.ts'
import { AddressSet } from '../core/address-set.ts'
import { chooseRuns, grantSize } from '../core/lease/grant.ts'
import type { OpenGrant } from '../core/lease/open-grant.ts'
import type { MemberIndex, Run } from '../core/lease/register.ts'
import type { BodyOf, Marks, NoReason } from '../core/protocol.ts'
import { living } from '../core/registry/cluster-view.ts'
import type { Desk } from './desk.ts'
import type { Evidence } from './evidence.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** How long a donor remembers that somebody waits. */
const markMs = 30_000
/** Bounds the memory of a donor in a large cluster that is full. */
const marksMax = 4_096
/** A grant that is not acknowledged is said again, at first soon. */
const repeatMs = { first: 2_000, later: 30_000 }
const referralsMax = 3
/** A node that leaves spreads what it has over so many others. */
const drainReceivers = 3
/** How many addresses one grant of a draining node carries: a bounded message. */
const drainRunsMax = 64

interface WaitMark {
  readonly member: MemberIndex
  readonly pool: string
  readonly demand: number
  readonly until: number
}

export class Transfers {
  readonly #desk: Desk
  readonly #room: WaitingRoom
  readonly #evidence: Evidence
  readonly #onScarce: (pool: string) => void
  #marks: WaitMark[] = []
  readonly #said = new Map<number, { readonly at: number; readonly times: number }>()
  readonly #closing = new Set<number>()
  /** Members that seemed to have free addresses after what they said last, by pool. */
  readonly #rich = new Map<string, Map<MemberIndex, number>>()

  constructor(desk: Desk, room: WaitingRoom, evidence: Evidence, onScarce: (pool: string) => void) {
    this.#desk = desk
    this.#room = room
    this.#evidence = evidence
    this.#onScarce = onScarce
  }

  /** Somebody needs addresses. */
  asked(from: MemberIndex, ask: BodyOf<'Ask'>): void {
    const { custody, rules } = this.#desk
    const open = custody.grants.find(({ to, id }) => to === from && id === ask.id)
    if (open !== undefined) return this.#say(open)
    if (rules.asked && ask.id <= custody.askedBy(from)) return this.#deny(from, ask, 'Busy')
    if (this.#desk.notServing !== undefined) return this.#deny(from, ask, 'NotServing')
    if (ask.exact !== undefined) return this.#askedExactly(from, ask, ask.exact)
    const ranges = this.#choose(ask)
    if (ranges.length > 0) {
      this.#grant(from, ask.id, ask.pool, ranges)
      return
    }
    if (ask.demand > 0) this.#remember(from, ask)
    this.#deny(from, ask, 'Empty')
    if (ask.demand > 0) this.#onScarce(ask.pool)
  }

  #askedExactly(from: MemberIndex, ask: BodyOf<'Ask'>, address: Address): void {
    const { custody, book } = this.#desk
    const [newer] = custody.map.within({ start: address, end: address + 1n })
    if (newer?.register.owner !== custody.me) return this.#deny(from, ask, 'NotOwner', { newer })
    if (custody.isContested(address)) return this.#deny(from, ask, 'Contested')
    const holder = book.holderOf(address)
    if (holder !== undefined) return this.#deny(from, ask, 'InUse', { holder })
    const range = { start: address, end: address + 1n }
    const cooling = book.coolingIn(AddressSet.of([range])).length > 0
    if (cooling && !book.isGrantable(address, this.#desk.now())) {
      for (const pool of this.#room.poolNames) this.#onScarce(pool)
      return this.#deny(from, ask, 'Busy')
    }
    this.#grant(from, ask.id, ask.pool, [range])
  }

  #choose(ask: Pick<BodyOf<'Ask'>, 'pool' | 'demand' | 'wish'>): AddressRange[] {
    const { book, rules } = this.#desk
    const { pool, demand, wish } = ask
    const room = this.#room
    const now = this.#desk.now()
    const free = book.grantable(pool, now, false)
    const candidates = free.isEmpty && demand > 0 ? book.grantable(pool, now, true) : free
    if (candidates.isEmpty) return []
    const size = candidates.size
    const low = room.low()
    const count = grantSize({
      free: Number(size < 1_000_000n ? size : 1_000_000n) - (rules.lastAddress ? 0 : low),
      waiting: room.waiting(pool),
      demand,
      wish,
      low,
      estimatedFree: room.estimatedFree(pool),
      members: room.members,
      scarce: room.isScarce(pool)
    })
    return chooseRuns(candidates, count)
  }

  #grant(to: MemberIndex, id: number, pool: string, ranges: readonly AddressRange[]): boolean {
    const desk = this.#desk
    const change = desk.custody.planGrant(to, id, pool, ranges)
    if (!desk.commit(change)) return false
    if (change.grant !== undefined) this.#say(change.grant)
    return true
  }

  #say(grant: OpenGrant): void {
    const { wctr, to, id, pool, runs } = grant
    const desk = this.#desk
    const times = (this.#said.get(wctr)?.times ?? 0) + 1
    this.#said.set(wctr, { at: desk.now(), times })
    const holding = desk.holding(pool, this.#room.waiting(pool))
    desk.post(to, { type: 'Grant', domain: desk.domain, wctr, id, pool, runs, holding })
  }

  #deny(
    to: MemberIndex,
    ask: BodyOf<'Ask'>,
    reason: NoReason,
    more: { newer?: Run | undefined; holder?: string } = {}
  ): void {
    const desk = this.#desk
    const { id, pool } = ask
    desk.post(to, {
      type: 'No',
      domain: desk.domain,
      id,
      pool,
      reason,
      holding: desk.holding(pool, this.#room.waiting(pool)),
      referrals: this.#referrals(pool, to),
      ...(more.newer !== undefined && { newer: more.newer }),
      ...(more.holder !== undefined && { holder: more.holder })
    })
  }

  #referrals(pool: string, except: MemberIndex): MemberIndex[] {
    const rich = [...(this.#rich.get(pool) ?? [])].filter(([m, free]) => free > 0 && m !== except)
    return rich
      .sort(([, a], [, b]) => b - a)
      .slice(0, referralsMax)
      .map(([member]) => member)
  }

  #remember(member: MemberIndex, { pool, demand }: BodyOf<'Ask'>): void {
    this.#marks = this.#marks.filter(mark => mark.member !== member || mark.pool !== pool)
    if (this.#marks.length >= marksMax) this.#marks.shift()
    this.#marks.push({ member, pool, demand, until: this.#desk.now() + markMs })
  }

  /** Addresses are free that nobody here waits for: those who asked in vain have them. */
  serveMarks(): void {
    if (this.#desk.notServing !== undefined || this.#marks.length === 0) return
    const now = this.#desk.now()
    const view = this.#desk.custody.view
    const left: WaitMark[] = []
    for (const mark of this.#marks) {
      const { member, pool, demand, until } = mark
      if (until <= now || view.members.get(member)?.removed !== undefined) continue
      const ranges = this.#choose({ pool, demand, wish: demand })
      if (ranges.length === 0 || !this.#grant(member, 0, pool, ranges)) left.push(mark)
      else this.#desk.log.debug({ member, pool }, 'an address went to a node that waited for it')
    }
    this.#marks = left
  }

  /** Pools for which other nodes wait. */
  wanted(): Set<string> {
    return new Set(this.#marks.map(({ pool }) => pool))
  }

  /** Addresses were given to this node. */
  granted(from: MemberIndex, grant: BodyOf<'Grant'>): void {
    const desk = this.#desk
    const own = grant.runs.filter(({ register }) => register.writer === from)
    const verdict = desk.custody.judge(own)
    this.#evidence.weigh(verdict, from)
    // A grant is all of one count; where everything before it is known, so is everything up to it.
    const isNext = (desk.custody.marks.get(from) ?? 0) === grant.wctr - 1
    const marks: Marks = isNext && verdict.forgotten.length === 0 ? [[from, grant.wctr]] : []
    if (verdict.refused.length > 0 || !desk.merge(verdict, marks)) return
    this.#rememberRich(from, grant.pool, grant.holding.free)
    // Who asks what it has forgotten acknowledges nothing: the donor could not tell it from what was taken before.
    const isAsking = desk.isUnconfirmed && desk.rules.confirmGiven
    if (!isAsking) desk.post(from, { type: 'Taken', domain: desk.domain, wctr: grant.wctr })
    // Before the broker goes on: it would ask once more for those who have one now.
    this.#room.serve()
    desk.neighbours.broker.insist({ type: 'Answered', from, answer: grant })
  }

  /** A donor has nothing; for a named address it may know who has it. */
  denied(from: MemberIndex, no: BodyOf<'No'>): void {
    const desk = this.#desk
    if (no.newer !== undefined) {
      const verdict = desk.custody.judge([no.newer])
      this.#evidence.weigh(verdict, from)
      desk.merge(verdict)
    }
    this.#rememberRich(from, no.pool, no.holding.free)
    desk.neighbours.broker.insist({ type: 'Answered', from, answer: no })
  }

  #rememberRich(member: MemberIndex, pool: string, free: number): void {
    const rich = this.#rich.get(pool) ?? new Map<MemberIndex, number>()
    rich.set(member, free)
    this.#rich.set(pool, rich)
  }

  /** The receiver has it; noted in one go with others, since losing the note costs one more message. */
  taken(from: MemberIndex, { wctr }: BodyOf<'Taken'>): void {
    if (this.#desk.custody.openGrant(wctr)?.to === from) this.#closing.add(wctr)
  }

  /** The receiver of an open grant has said that it has it. */
  isTaken(wctr: number): boolean {
    return this.#closing.has(wctr)
  }

  /** Note what was taken, say again what was not. */
  tick(): void {
    const desk = this.#desk
    // At once: a donor of a thousand nodes would synchronise its disk a thousand times.
    if (this.#closing.size > 0 && desk.commit(desk.custody.planClose([...this.#closing]))) {
      for (const wctr of this.#closing) this.#said.delete(wctr)
      this.#closing.clear()
    }
    const now = desk.now()
    for (const grant of desk.custody.grants) {
      const said = this.#said.get(grant.wctr)
      const pause = (said?.times ?? 0) < 4 ? repeatMs.first : repeatMs.later
      if (said === undefined || now - said.at >= pause) this.#say(grant)
    }
  }

  /** Everything that is free goes to others. Returns whether nothing is left to give. */
  giveAway(reachable: ReadonlySet<MemberIndex>): boolean {
    const { custody, book } = this.#desk
    const { me } = custody
    if (me === undefined) return true
    const others = living(custody.view)
      .map(({ index }) => index)
      .filter(index => index !== me && reachable.has(index))
      .slice(0, drainReceivers)
    const owned = custody.map.ownedBy(me)
    const unused = owned.subtract(book.liveRanges()).intersect(book.mine)
    // What was released a moment ago may still have its link; it follows when it has cooled down.
    const cooling = book.coolingIn(unused).map(at => ({ start: at, end: at + 1n }))
    const leaving = [...unused.subtract(AddressSet.of(cooling)).ranges()]
    if (leaving.length === 0) return owned.isEmpty
    if (others.length === 0) return false
    const share = Math.min(drainRunsMax, Math.ceil(leaving.length / others.length))
    for (const [i, to] of others.entries()) {
      const part = leaving.slice(i * share, (i + 1) * share)
      if (part.length > 0) this.#grant(to, 0, '', part)
    }
    return false
  }
}
