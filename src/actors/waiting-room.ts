// Pods that wait for an address of one subnet: served in the order they came as soon as there is one, and told
// why not when it is certain, or when their time is up.

import type { Reservation } from '../core/reservation.ts'
import { isScarce, lowWater } from '../core/lease/grant.ts'
import type { MemberIndex } from '../core/lease/register.ts'
import type { IpPool } from '../core/ip-pool.ts'
import type { PoolUsage } from '../core/refusal.ts'
import type { Desk } from './desk.ts'
import type { Lack, Reserve } from './messages/subnet.ts'
import { RecentAdds } from './recent-adds.ts'

/** How often free space that runs low is looked after, at most. */
const prefetchEveryMs = 1_000
/** How long it holds that nobody else has a free address: rounds repeat each second or sooner. */
const leanMs = 2_000

interface Tally {
  readonly pool: IpPool
  /** Of the lease map that was counted. */
  readonly hash: string
  readonly owners: ReadonlyMap<MemberIndex, number>
  /** All addresses that anybody may use. */
  readonly total: number
}

export class WaitingRoom {
  readonly #desk: Desk
  readonly #onScarce: (pool: string) => void
  readonly #waiting = new Map<string, Reserve[]>()
  readonly #adds = new RecentAdds()
  readonly #elsewhere = new Map<string, number>()
  #pools: ReadonlyMap<string, IpPool> = new Map()
  #members = 1
  #prefetchedAt = -prefetchEveryMs
  #expiresAt = Infinity
  /** Until when cooling addresses do, by pool: nobody had another one. */
  readonly #leanUntil = new Map<string, number>()
  readonly #tallies = new Map<string, Tally>()
  /** Pools that the broker looks after. */
  readonly #needed = new Set<string>()

  /** `onScarce` hears of a pool where cooling addresses would be welcome. */
  constructor(desk: Desk, onScarce: (pool: string) => void) {
    this.#desk = desk
    this.#onScarce = onScarce
  }

  setPools(pools: readonly IpPool[]): void {
    this.#pools = new Map(pools.map(pool => [pool.name, pool]))
    this.serve()
    for (const pool of [...this.#needed]) this.tellNeed(pool)
  }

  setMembers(count: number): void {
    this.#members = count
    if (this.isAlone) for (const pool of [...this.#needed]) this.tellNeed(pool)
  }

  setElsewhere(pool: string, free: number): void {
    this.#elsewhere.set(pool, free)
  }

  pool(name: string): IpPool | undefined {
    return this.#pools.get(name)
  }

  get poolNames(): readonly string[] {
    return [...this.#pools.keys()]
  }

  get isAlone(): boolean {
    return this.#members <= 1
  }

  get members(): number {
    return this.#members
  }

  waiting(pool: string): number {
    return this.#waiting.get(pool)?.length ?? 0
  }

  /** How many addresses of a pool nobody uses, as far as is known here. */
  estimatedFree(pool: string): number {
    return this.#desk.book.holding(pool).free + (this.#elsewhere.get(pool) ?? 0)
  }

  low(): number {
    return lowWater(this.#adds.peak(this.#desk.now()))
  }

  isScarce(pool: string): boolean {
    return isScarce({
      estimatedFree: this.estimatedFree(pool),
      members: this.#members,
      low: this.low(),
      total: countOf(this.#pools.get(pool)?.usable.size ?? 0n)
    })
  }

  reserve(request: Reserve): void {
    const desk = this.#desk
    const { pool } = request
    if (!this.#pools.has(pool))
      return request.replyTo({ reservation: { type: 'Outside' }, usage: [] })
    if (desk.notServing === undefined) {
      if (this.waiting(pool) === 0 && desk.book.holding(pool).free > 0) return this.#take(request)
      if (this.isAlone) return this.#takeScarce(request)
    }
    const queue = this.#waiting.get(pool) ?? []
    queue.push(request)
    this.#waiting.set(pool, queue)
    if (request.deadline < this.#expiresAt) this.#expireAt(request.deadline)
    this.#onScarce(pool)
    this.tellNeed(pool)
  }

  /** Custody came, or an address cooled down: whoever waits longest has it. */
  serve(): void {
    const { book } = this.#desk
    if (this.#desk.notServing !== undefined) return
    for (const [pool, queue] of this.#waiting) {
      const before = queue.length
      while (queue.length > 0 && book.holding(pool).free > 0) this.#take(queue.shift() as Reserve)
      if (this.#isLean(pool)) this.#serveCooling(queue)
      if (queue.length === 0) this.#waiting.delete(pool)
      if (queue.length !== before) this.tellNeed(pool)
      else if (queue.length > 0 && this.isAlone) this.lacking(pool, undefined)
    }
  }

  /** For now a cooling address will do, as soon as one may be used early. */
  nothingElsewhere(pool: string): void {
    this.#leanUntil.set(pool, this.#desk.now() + leanMs)
    this.serve()
  }

  #isLean(pool: string): boolean {
    return this.#desk.now() < (this.#leanUntil.get(pool) ?? 0)
  }

  #serveCooling(queue: Reserve[]): void {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const { pool, holder, replyTo } = next
      const reservation = this.#desk.book.reserve(pool, holder, this.#desk.now())
      if (reservation.type !== 'Reserved') return
      queue.shift()
      replyTo({ reservation, usage: [] })
    }
  }

  /** Nobody has one: now a cooling one will do, and who gets none hears why. */
  lacking(pool: string, lack: Lack | undefined): void {
    const queue = this.#waiting.get(pool) ?? []
    this.#waiting.delete(pool)
    for (const request of queue) this.#takeScarce(request, lack)
    if (queue.length > 0) this.tellNeed(pool)
  }

  /** Those whose time is up. */
  expire(): void {
    const now = this.#desk.now()
    let next = Infinity
    for (const [pool, queue] of this.#waiting) {
      const late = queue.filter(({ deadline }) => deadline <= now)
      const left = queue.filter(({ deadline }) => deadline > now)
      if (left.length > 0) this.#waiting.set(pool, left)
      else this.#waiting.delete(pool)
      for (const request of late) this.#takeScarce(request, this.#pending(pool))
      if (late.length > 0) this.tellNeed(pool)
      for (const { deadline } of left) next = Math.min(next, deadline)
    }
    this.#expireAt(next)
  }

  /** The earliest of all who wait. */
  #expireAt(deadline: number): void {
    const { context } = this.#desk
    this.#expiresAt = deadline
    if (deadline === Infinity) return
    context.schedule('waiting', deadline - this.#desk.now(), { type: 'WaitingTick' })
  }

  /** Let the broker look for what is missing. */
  tellNeed(pool: string): void {
    const found = this.#pools.get(pool)
    if (this.isAlone || found === undefined || found.isDisabled) return this.#needNoMore(pool)
    const { book, neighbours } = this.#desk
    this.#needed.add(pool)
    const waiting = this.waiting(pool)
    const { owners, total, isNew } = this.#tally(found)
    const { free } = book.holding(pool)
    const wish = this.#desk.notServing !== undefined ? 0 : Math.max(0, 2 * this.low() - free)
    neighbours.broker.insist({
      type: 'Need',
      pool,
      waiting: this.#desk.notServing === undefined ? waiting : 0,
      wish: this.isScarce(pool) ? 0 : wish,
      own: this.#desk.holding(pool, waiting),
      total,
      ...(isNew && { owners })
    })
  }

  /** What came for a pool that is gone here would be of no use here, and no longer be where it is of use. */
  #needNoMore(pool: string): void {
    if (!this.#needed.delete(pool)) return
    const own = this.#desk.holding(pool, 0)
    this.#desk.neighbours.broker.insist({ type: 'Need', pool, waiting: 0, wish: 0, own, total: 0 })
  }

  /** Before free space runs out: some more of it, without a pod that waits. */
  prefetch(): void {
    const now = this.#desk.now()
    if (this.isAlone || now - this.#prefetchedAt < prefetchEveryMs) return
    const { book } = this.#desk
    const low = this.low()
    const short = this.poolNames.filter(pool => book.holding(pool).free < low)
    if (short.length === 0) return
    this.#prefetchedAt = now
    for (const pool of short) this.tellNeed(pool)
  }

  usageOf(pool: string): PoolUsage[] {
    return this.#desk.book.usage().filter(usage => usage.pool === pool)
  }

  #take(request: Reserve): void {
    const desk = this.#desk
    const now = desk.now()
    const reservation = desk.book.reserve(request.pool, request.holder, now)
    this.#adds.add(now)
    request.replyTo({ reservation, usage: [] })
    if (!this.isAlone && desk.book.holding(request.pool).free < this.low()) this.prefetch()
  }

  #takeScarce({ pool, holder, replyTo }: Reserve, lack?: Lack): void {
    const desk = this.#desk
    const none: Reservation = { type: 'Exhausted', suspects: [] }
    const reservation =
      desk.notServing === undefined ? desk.book.reserve(pool, holder, desk.now()) : none
    const isServed = reservation.type === 'Reserved'
    replyTo({
      reservation,
      usage: isServed ? [] : desk.book.usage(),
      ...(!isServed && lack !== undefined && { lack })
    })
    if (!isServed) this.#onScarce(pool)
  }

  #pending(pool: string): Lack {
    const { notServing } = this.#desk
    if (notServing !== undefined) return { type: 'NotServing', why: notServing }
    const [usage] = this.usageOf(pool)
    const none = { pool, total: 0n, used: 0n, cooling: 0n, free: 0n }
    return { type: 'Pending', usage: usage ?? none }
  }

  /** Who owns how much of a pool; counted anew when the lease map has changed. */
  #tally(pool: IpPool): Tally & { readonly isNew: boolean } {
    const { custody } = this.#desk
    const hash = custody.map.hash()
    const known = this.#tallies.get(pool.name)
    if (known?.hash === hash && known.pool === pool) return { ...known, isNew: false }
    const owners = new Map<MemberIndex, number>()
    for (const range of pool.usable.ranges()) {
      for (const { start, end, register } of custody.map.within(range)) {
        owners.set(register.owner, (owners.get(register.owner) ?? 0) + Number(end - start))
      }
    }
    const total = Number(pool.usable.size - custody.unusable(pool.usable))
    const tally = { pool, hash, owners, total }
    this.#tallies.set(pool.name, tally)
    return { ...tally, isNew: true }
  }
}

/** As holdings are counted: of a /64 as much as a number can say, or most of it would seem to be taken. */
function countOf(size: bigint): number {
  return Number(size < Number.MAX_SAFE_INTEGER ? size : Number.MAX_SAFE_INTEGER)
}
