// Which addresses of one subnet are used. An address is free here when a pool offers it and its custody is this
// node's. Next-fit goes on after the last address that was taken, so that a released one comes back late, and it
// cools down first: peers still have it in their neighbour tables, and its old interface may still be there.

import type { Address } from './address.ts'
import { AddressSet } from './address-set.ts'
import { assert } from './assert.ts'
import type { CooldownPolicy, Cooling } from './cooldown.ts'
import { type CoolingEntry, CoolingQueue } from './cooling-queue.ts'
import type { IpPool } from './ip-pool.ts'
import { PoolSpace } from './pool-space.ts'
import type { PoolUsage } from './refusal.ts'
import type { Reservation } from './reservation.ts'
import type { Sandbox } from './sandbox.ts'
import { TakenAddresses } from './taken-addresses.ts'

export class AddressBook {
  readonly #policy: CooldownPolicy
  readonly #taken = new TakenAddresses()
  #mine = AddressSet.empty
  /** For whom addresses are kept, of the whole subnet. */
  readonly #keeps = new Map<Address, string>()
  #spaces: readonly PoolSpace[] = []
  /** Cooling addresses that no pool has any more or that are not this node's; kept until their time is over. */
  readonly #stray: CoolingQueue

  /** Nothing is this node's until it is gained. */
  constructor(policy: CooldownPolicy) {
    this.#policy = policy
    this.#stray = new CoolingQueue(policy)
  }

  /** Replace the pools; what is taken or cooling stays so, wherever it lies now. */
  setPools(pools: readonly IpPool[]): void {
    const cursors = new Map(this.#spaces.map(space => [space.pool.name, space.cursor]))
    const cooling = [...this.#allCooling()]
    this.forget(cooling.map(one => one.cooling.address))
    this.#spaces = pools.map(
      pool => new PoolSpace(pool, this.#mine, this.#keeps, this.#policy, cursors.get(pool.name))
    )
    for (const address of this.#taken.addresses()) this.#spaceOf(address)?.take(address)
    for (const entry of cooling) this.#startCooling(entry)
  }

  /** The addresses whose custody is this node's, in pools or not. */
  get mine(): AddressSet {
    return this.#mine
  }

  /** Custody of these came to this node, or was here; what is taken or cooling among them stays so. */
  gain(set: AddressSet): void {
    const gained = set.subtract(this.#mine)
    const cooling = [...this.#stray.entries()].filter(one => gained.has(one.cooling.address))
    for (const entry of cooling) this.#stray.remove(entry.cooling.address)
    this.#mine = this.#mine.union(gained)
    for (const space of this.#spaces) space.gain(gained)
    for (const address of this.#taken.addresses()) {
      if (gained.has(address)) this.#spaceOf(address)?.take(address)
    }
    for (const entry of cooling) this.#startCooling(entry)
  }

  /** Not for this node to hand out: taken ones are not free afterwards, and what cools may come back before its time. */
  lose(set: AddressSet): void {
    const cooling = [...this.#allCooling()].filter(one => set.has(one.cooling.address))
    this.forget(cooling.map(one => one.cooling.address))
    this.#mine = this.#mine.subtract(set)
    for (const space of this.#spaces) space.lose(set)
    for (const entry of cooling) this.#startCooling(entry)
  }

  /** From now on this address is for one holder alone while nobody has it, or for anybody. */
  keep(address: Address, holder: string | undefined): void {
    if (holder === undefined) this.#keeps.delete(address)
    else this.#keeps.set(address, holder)
    this.#spaceOf(address)?.settle(address)
  }

  /** Whoever has these now need not wait for them. */
  forget(cooling: readonly Address[]): void {
    for (const address of cooling) this.#queueOf(address).remove(address)
  }

  /** Where next-fit of a pool goes on, as noted by an earlier process. */
  setCursor(pool: string, cursor: Address): void {
    for (const space of this.#spaces) if (space.pool.name === pool) space.cursor = cursor
  }

  /** Put back what the store remembers as used. */
  restoreLive(address: Address, pool: string, holder: string): void {
    this.#taken.add(address, { state: 'live', holder, pool })
    this.#spaceOf(address)?.take(address)
  }

  /** Put back what the store remembers as cooling. */
  restoreCooling(cooling: Cooling, vacated: boolean): void {
    assert(this.#taken.get(cooling.address) === undefined, 'a cooling address is not used')
    this.#startCooling({ cooling, vacated })
  }

  /** Take the next free address of a pool for `holder`, not yet for good. */
  reserve(poolName: string, holder: string, now: number): Reservation {
    const space = this.#space(poolName)
    if (space === undefined) return { type: 'Outside' }
    const free = space.takeNext()
    if (free === undefined) return this.#reserveScarce(space, holder, now)
    return this.#take(space, free, holder)
  }

  /** Nothing is free: an address that cools may serve early when its old pod is certainly gone. */
  #reserveScarce(space: PoolSpace, holder: string, now: number): Reservation {
    const { cooling } = space
    const early = cooling.nextEarly(now, address => this.#keeps.has(address))
    if (early !== undefined) {
      return this.#take(space, early.address, holder, cooling.remove(early.address))
    }
    const suspects = cooling.suspects().filter(({ address }) => !this.#keeps.has(address))
    const readyInMs = suspects[0] && cooling.readyInMs(suspects[0], now)
    return { type: 'Exhausted', suspects, ...(readyInMs !== undefined && { readyInMs }) }
  }

  /** Take exactly this address when one of these pools has it, not yet for good. Who it is kept for has to be `keeper`. */
  reserveExact(
    address: Address,
    pools: readonly string[],
    holder: string,
    now: number,
    keeper?: string
  ): Reservation {
    const taken = this.#taken.get(address)
    const space = this.#spaces.find(({ pool }) => pool.usable.has(address))
    if (space === undefined || !pools.includes(space.pool.name)) return { type: 'Outside' }
    if (taken !== undefined) return { type: 'Taken', holder: taken.holder }
    const keep = this.#keeps.get(address)
    if (keep !== undefined && keep !== keeper) return { type: 'Taken', holder: keep, isKept: true }
    if (!this.#mine.has(address)) return { type: 'Elsewhere' }
    const wait = space.cooling.waitFor(address, now)
    if (wait) return { type: 'Exhausted', readyInMs: wait.readyInMs, suspects: [wait.cooling] }
    const before = space.cooling.remove(address)
    if (before === undefined) space.take(address)
    return this.#take(space, address, holder, before)
  }

  #take(space: PoolSpace, address: Address, holder: string, before?: CoolingEntry): Reservation {
    const pool = space.pool.name
    this.#taken.add(address, { state: 'reserved', holder, pool, ...(before && { before }) })
    return { type: 'Reserved', address, pool: space.pool }
  }

  /** The reservation is durable now. */
  confirm(address: Address): void {
    this.#taken.settle(address)
  }

  /** Somebody else uses it for good: the same pod under another key, a host that is no pod. */
  reassign(address: Address, holder: string): void {
    this.#taken.reassign(address, holder)
  }

  /** The reservation came to nothing and nobody was told of it. */
  cancel(address: Address): void {
    const { before } = this.#taken.release(address, 'reserved')
    if (before === undefined) this.#spaceOf(address)?.give(address)
    else this.#queueOf(address).put(before)
  }

  /** A used address was released. */
  cool(address: Address, since: number, sandbox: Sandbox | undefined, vacated: boolean): void {
    const { pool } = this.#taken.release(address, 'live')
    const cooling = { address, pool, since, ...(sandbox && { sandbox }) }
    this.#queueOf(address).put({ cooling, vacated })
  }

  /** The old namespace of this cooling address is verified gone. It may have been used again since. */
  vacate(suspect: Cooling): void {
    this.#queueOf(suspect.address).vacate(suspect)
  }

  /** Free what has cooled long enough; returns those addresses. */
  endCooldowns(now: number): Address[] {
    const ended = this.#spaces.flatMap(space => {
      const cooled = space.cooling.end(now)
      for (const address of cooled) space.give(address)
      return cooled
    })
    return [...ended, ...this.#stray.end(now)]
  }

  /** What may be given to another node; when scarce also what cools and could serve a pod here by now. */
  grantable(pool: string, now: number, scarce: boolean): AddressSet {
    return this.#space(pool)?.grantable(now, scarce) ?? AddressSet.empty
  }

  /** May this one address, whoever it is kept for, leave for another node that asks for it by name? */
  isGrantable(address: Address, now: number): boolean {
    const space = this.#spaceOf(address)
    if (space === undefined || this.#taken.get(address) !== undefined) return false
    return space.cooling.waitFor(address, now) === undefined
  }

  coolingIn(set: AddressSet): Address[] {
    return [...this.#allCooling().map(one => one.cooling.address)].filter(one => set.has(one))
  }

  /** Who has reserved the address or lives there. */
  holderOf(address: Address): string | undefined {
    return this.#taken.get(address)?.holder
  }

  /** Addresses that are reserved or used, this node's or not; those that are wanted, or all. */
  liveRanges(isWanted?: (address: Address) => boolean): AddressSet {
    return this.#taken.toSet(isWanted)
  }

  /** Those, and the ones of others that cool here: their old links may still be there. */
  occupied(): AddressSet {
    const strays = this.#stray.entries().map(({ cooling: { address } }) => address)
    return this.liveRanges().union(
      AddressSet.of(strays.map(address => ({ start: address, end: address + 1n })))
    )
  }

  /** Cooling addresses of a pool whose old namespaces are worth a look. */
  suspectsOf(pool: string): readonly Cooling[] {
    return this.#space(pool)?.cooling.suspects() ?? []
  }

  /** How this node stands with a pool; what is kept for somebody counts as used, and what is free in a /64 counts as many as a number can say. */
  holding(pool: string): { free: number; used: number; cooling: number } {
    const free = this.#space(pool)?.free.size ?? 0n
    return {
      free: Number(free < Number.MAX_SAFE_INTEGER ? free : Number.MAX_SAFE_INTEGER),
      used: Number(this.#taken.usedOf(pool)) + (this.#space(pool)?.kept ?? 0),
      cooling: this.#coolingOf(pool)
    }
  }

  /** `free` is what is free here for anybody. A pool that was made smaller may have more in use than it offers. */
  usage(): PoolUsage[] {
    return this.#spaces.map(({ pool: { name, usable }, free, kept }) => ({
      pool: name,
      total: usable.size,
      used: this.#taken.usedOf(name) + BigInt(kept),
      cooling: BigInt(this.#coolingOf(name)),
      free: free.size
    }))
  }

  /** The pools, there or gone, whose addresses are used or cooling. */
  poolsInUse(): Set<string> {
    return new Set([...this.#taken.pools(), ...this.#allCooling().map(one => one.cooling.pool)])
  }

  /** For whoever looks at all of it and changes nothing. */
  get contents() {
    const [taken, keeps, cooling] = [this.#taken, this.#keeps, this.#allCooling()]
    return { spaces: this.#spaces, taken, keeps, cooling }
  }

  /** Throws when an address is in two states at once, or in none. Called after every step of the tests. */
  checkInvariants(): void {
    this.#taken.checkInvariants()
    const taken = this.liveRanges()
    for (const space of this.#spaces) space.checkInvariants(this.#mine, taken)
    for (const address of this.#stray.entries().map(one => one.cooling.address)) {
      assert(!taken.has(address), 'a cooling address is not taken')
      assert(this.#spaceOf(address) === undefined, 'a pool cools its own addresses')
    }
  }

  /** Start to cool what may be listed as free. */
  #startCooling(entry: CoolingEntry): void {
    const { address } = entry.cooling
    this.#spaceOf(address)?.take(address)
    this.#queueOf(address).put(entry)
  }

  #coolingOf(pool: string): number {
    const stray = [...this.#stray.entries()].filter(({ cooling }) => cooling.pool === pool)
    return (this.#space(pool)?.cooling.size ?? 0) + stray.length
  }

  *#allCooling(): Generator<CoolingEntry> {
    yield* this.#stray.entries()
    for (const { cooling } of this.#spaces) yield* cooling.entries()
  }

  #space(pool: string): PoolSpace | undefined {
    return this.#spaces.find(space => space.pool.name === pool)
  }

  /** The pool that may hand the address out here. */
  #spaceOf(address: Address): PoolSpace | undefined {
    return this.#mine.has(address) ? this.#spaces.find(s => s.pool.usable.has(address)) : undefined
  }

  #queueOf(address: Address): CoolingQueue {
    return this.#spaceOf(address)?.cooling ?? this.#stray
  }
}
