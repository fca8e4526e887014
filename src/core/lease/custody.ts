// Custody of one domain at one node: what it knows of every address, what it owns, and what it has given away
// without an acknowledgement yet. Decisions are planned here and applied when the store has them.

import type { Address } from '../address.ts'
import type { AddressBook } from '../address-book.ts'
import type { AddressRange } from '../address-range.ts'
import { AddressSet } from '../address-set.ts'
import { assert } from '../assert.ts'
import type { ClusterView, Member } from '../registry/cluster-view.ts'
import { type Bind, tailWith } from './bind.ts'
import { Binds } from './binds.ts'
import type { Contest } from './contest.ts'
import type { CustodyChange } from './custody-change.ts'
import type { CustodyRecord } from './custody-record.ts'
import { addressesOf, Contests } from './contests.ts'
import { judge, type Verdict } from './guards.ts'
import { HeardCounts } from './heard-counts.ts'
import { LeaseMap, type MapChange } from './lease-map.ts'
import type { OpenGrant } from './open-grant.ts'
import { plausibly } from './plausible.ts'
import { type MemberIndex, retired, type Run } from './register.ts'

const nothing: MapChange = { removed: [], added: [] }

export class Custody {
  readonly domain: string
  readonly book: AddressBook
  readonly map: LeaseMap
  readonly marks: Map<MemberIndex, number>
  /** Who addresses are kept for, whoever owns them. */
  readonly binds: Binds
  readonly #heard: HeardCounts
  readonly #contests: Contests
  readonly #grants: Map<number, OpenGrant>
  readonly #asked: Map<MemberIndex, number>
  #view: ClusterView
  #me: Member | undefined

  constructor(
    domain: string,
    book: AddressBook,
    record: CustodyRecord,
    view: ClusterView,
    incarnation: string
  ) {
    this.domain = domain
    this.book = book
    this.map = LeaseMap.of(record.runs)
    this.marks = new Map(record.marks)
    this.#heard = new HeardCounts(record.heard)
    this.#contests = new Contests(record.contests, this.map)
    this.#grants = new Map(record.grants.map(grant => [grant.wctr, grant]))
    this.#asked = new Map(record.asked)
    this.#view = view
    this.#me = view.byIncarnation.get(incarnation)
    this.binds = new Binds(record.runs)
    for (const [address, { holder }] of this.binds.entries()) book.keep(address, holder)
    if (this.#me !== undefined) book.gain(this.#usable(this.map.ownedBy(this.#me.index)))
  }

  get view(): ClusterView {
    return this.#view
  }

  /** Undefined before this incarnation has joined, and again when it was removed. */
  get me(): MemberIndex | undefined {
    return this.#me?.removed === undefined ? this.#me?.index : undefined
  }

  get grants(): readonly OpenGrant[] {
    return [...this.#grants.values()]
  }

  /** The highest count of a writer that is known here: by marks, or by what was taken ahead of them. */
  countOf(writer: MemberIndex): number {
    return Math.max(this.marks.get(writer) ?? 0, this.#heard.of(writer))
  }

  get contests(): readonly Contest[] {
    return this.#contests.all
  }

  /** How many addresses of a set nobody may use: given up, or contested. */
  unusable(set: AddressSet): bigint {
    const lost = this.map.ownedBy(retired).intersect(set)
    return lost.union(this.#contests.open().intersect(set)).size
  }

  openGrant(wctr: number): OpenGrant | undefined {
    return this.#grants.get(wctr)
  }

  /** The highest request of this member that was granted. */
  askedBy(member: MemberIndex): number {
    return this.#asked.get(member) ?? 0
  }

  /** The registry went on: what it decided of this domain comes in; grants to members that are gone close. */
  planView(view: ClusterView, incarnation: string): CustodyChange {
    this.#view = view
    this.#me = view.byIncarnation.get(incarnation)
    const closed = this.grants
      .filter(({ to }) => view.members.get(to)?.removed !== undefined)
      .map(({ wctr }) => wctr)
    const decided = view.domains.get(this.domain)?.decided ?? []
    return { ...this.#change(this.map.plan(decided)), closed }
  }

  /** Pass free addresses on. */
  planGrant(
    to: MemberIndex,
    id: number,
    pool: string,
    ranges: readonly AddressRange[]
  ): CustodyChange {
    const { runs, wctr, me } = this.#successors(ranges, to)
    const grant: OpenGrant = { wctr, to, id, pool, runs }
    const change = this.#change(this.map.plan(runs))
    return {
      ...change,
      marks: [[me, wctr]],
      grant,
      forgotten: this.book.coolingIn(AddressSet.of(ranges))
    }
  }

  /** Keep an own address for somebody, or for nobody any more. */
  planBind(address: Address, bind: Bind | undefined): CustodyChange {
    const me = this.#self()
    const { runs, wctr } = this.#successors([{ start: address, end: address + 1n }], me)
    const bound = runs.map(({ register, ...range }): Run => {
      return { ...range, register: { ...register, tail: tailWith(register.tail, bind) } }
    })
    return { ...this.#change(this.map.plan(bound)), marks: [[me, wctr]] }
  }

  /** Give free addresses up for ever. */
  planRetire(ranges: readonly AddressRange[]): CustodyChange {
    const { runs, wctr, me } = this.#successors(ranges, retired)
    const forgotten = this.book.coolingIn(AddressSet.of(ranges))
    return { ...this.#change(this.map.plan(runs)), marks: [[me, wctr]], forgotten }
  }

  /** As heir, after a complete round: these owners, under the fence of the removal. */
  planClaim(
    fence: number,
    claims: readonly { readonly range: AddressRange; readonly owner: MemberIndex }[]
  ): CustodyChange {
    const me = this.#self()
    const wctr = this.#nextCount(me)
    // Whom an address is kept for outlives who kept it.
    const runs = claims.flatMap(({ range, owner }) =>
      this.map.within(range).map(({ start, end, register: { tail } }): Run => {
        return { start, end, register: { fence, seq: 0, owner, writer: me, wctr, tail } }
      })
    )
    return { ...this.#change(this.map.plan(runs)), marks: [[me, wctr]] }
  }

  /** What others say, behind the guards. */
  judge(runs: readonly Run[]): Verdict {
    const [plausible, forged] = plausibly(this.#view, this.domain, runs)
    const knows = (index: MemberIndex) => this.#view.members.has(index)
    const verdict = judge(this.map, plausible, this.me ?? retired, knows)
    return { ...verdict, refused: [...verdict.refused, ...forged] }
  }

  planMerge(
    { accepted, contests }: Pick<Verdict, 'accepted' | 'contests'>,
    marks: CustodyChange['marks'] = []
  ): CustodyChange {
    const unknown = contests.filter(({ address }) => !this.isContested(address))
    const raised = new Map(marks)
    const heard = this.#heard
      .news(accepted)
      .filter(([writer, wctr]) => wctr > (raised.get(writer) ?? this.marks.get(writer) ?? 0))
    return { ...this.#change(this.map.plan(accepted)), marks, heard, contests: unknown }
  }

  /** The receivers have them. */
  planClose(wctrs: readonly number[]): CustodyChange {
    return { ...this.#change(nothing), closed: wctrs.filter(wctr => this.#grants.has(wctr)) }
  }

  /** Settled when the registry itself has decided the address since, with a higher key. */
  isContested(address: Address): boolean {
    return this.#contests.has(address)
  }

  /** The store has it: now it is so. */
  apply(change: CustodyChange): void {
    const me = this.me ?? retired
    this.map.apply(change.runs)
    const news = this.binds.apply(change.runs)
    for (const [writer, wctr] of change.marks) this.marks.set(writer, wctr)
    this.#heard.take(change.heard)
    if (change.grant !== undefined) {
      const { wctr, to, id } = change.grant
      this.#grants.set(wctr, change.grant)
      if (id > this.askedBy(to)) this.#asked.set(to, id)
    }
    for (const wctr of change.closed) this.#grants.delete(wctr)
    this.#contests.add(change.contests)
    this.book.forget(change.forgotten)
    const mine = (runs: readonly Run[]) =>
      AddressSet.of(runs.filter(({ register }) => me !== retired && register.owner === me))
    const gained = mine(change.runs.added)
    const lost = mine(change.runs.removed).subtract(gained).union(addressesOf(change.contests))
    this.#enter(lost, this.#usable(gained))
    for (const [address, bind] of news) this.book.keep(address, bind?.holder)
  }

  /** As apply, for what planView has planned: what is lost by removal or drained leaves the book as well. */
  applyView(change: CustodyChange): void {
    this.apply(change)
    const wanted = this.#usable(this.#owned())
    this.#enter(this.book.mine.subtract(wanted), wanted)
  }

  #enter(lost: AddressSet, gained: AddressSet): void {
    const leaving = lost.intersect(this.book.mine)
    if (!leaving.isEmpty) this.book.lose(leaving)
    const coming = gained.subtract(this.book.mine)
    if (!coming.isEmpty) this.book.gain(coming)
  }

  /** Owned addresses that nobody has, in ranges that are given up. */
  retirable(): AddressRange[] {
    const draining = this.#draining()
    if (draining.isEmpty) return []
    return [...this.#owned().intersect(draining).subtract(this.book.liveRanges()).ranges()]
  }

  /** Addresses in use here whose custody is not here: after a lost disk, or a node that joined with pods. */
  orphans(): AddressSet {
    const owned = this.#owned()
    return this.book.liveRanges(address => !owned.has(address))
  }

  /** Throws when the book may hand out what custody does not have. Called after every step of the tests. */
  checkInvariants(): void {
    this.map.checkInvariants()
    this.book.checkInvariants()
    const beyond = this.book.mine.subtract(this.#owned())
    assert(this.me === undefined || beyond.isEmpty, 'the book lists only what is owned')
  }

  #usable(owned: AddressSet): AddressSet {
    return owned.subtract(this.#contests.open()).subtract(this.#draining())
  }

  #owned(): AddressSet {
    return this.me === undefined ? AddressSet.empty : this.map.ownedBy(this.me)
  }

  #draining(): AddressSet {
    return AddressSet.of(this.#view.domains.get(this.domain)?.draining ?? [])
  }

  /** The registers of these owned addresses with the next key. */
  #successors(
    ranges: readonly AddressRange[],
    owner: MemberIndex
  ): { runs: Run[]; wctr: number; me: MemberIndex } {
    const me = this.#self()
    const wctr = this.#nextCount(me)
    const runs: Run[] = []
    for (const range of ranges) {
      let covered = range.start as bigint
      for (const { start, end, register } of this.map.within(range)) {
        assert(register.owner === me && start === covered, 'only the owner writes the next key')
        covered = end
        const { fence, seq, tail } = register
        runs.push({ start, end, register: { fence, seq: seq + 1, owner, writer: me, wctr, tail } })
      }
      assert(covered === range.end, 'only what is owned is passed on')
    }
    return { runs, wctr, me }
  }

  #self(): MemberIndex {
    const me = this.me
    assert(me !== undefined, 'only a member writes registers')
    return me
  }

  #nextCount(me: MemberIndex): number {
    return (this.marks.get(me) ?? 0) + 1
  }

  #change(runs: MapChange): CustodyChange {
    return { runs, marks: [], heard: [], closed: [], contests: [], forgotten: [] }
  }
}
