// Which addresses of one subnet are used. Next-fit: the search goes on after the last address that was
// taken, so that a released one comes back as late as possible, and a released one cools down first,
// because peers still have it in their neighbour tables and its old interface may still be there.

import type { Address } from './address.ts'
import { assert } from './assert.ts'
import type { CooldownPolicy, Cooling } from './cooldown.ts'
import { FreeSpace } from './free-space.ts'
import type { IpPool } from './ip-pool.ts'
import type { PoolUsage } from './refusal.ts'
import type { Sandbox } from './sandbox.ts'

interface Taken {
  readonly state: 'reserved' | 'live'
  readonly holder: string
  readonly pool: string
  /** What it was before a reservation that may still be cancelled. */
  readonly before?: { readonly cooling: Cooling; readonly vacated: boolean }
}

/** A pool with its free addresses and those that cool down, oldest first. */
interface Space {
  readonly pool: IpPool
  readonly free: FreeSpace
  readonly cooling: Map<Address, Cooling>
  /** As `cooling`, but nobody can be using them any more. */
  readonly vacated: Map<Address, Cooling>
  cursor: Address | undefined
}

export type Reservation =
  | { readonly type: 'Reserved'; readonly address: Address; readonly pool: IpPool }
  /** `readyInMs` is there when a cooling address would do after that time, `suspects` what delays it. */
  | {
      readonly type: 'Exhausted'
      readonly readyInMs?: number
      readonly suspects: readonly Cooling[]
    }
  | { readonly type: 'Taken'; readonly holder: string }
  | { readonly type: 'Outside' }

/** How many cooling addresses are worth a look at their old namespaces at a time: file system calls. */
const suspectsMax = 16

export class AddressBook {
  readonly #policy: CooldownPolicy
  readonly #taken = new Map<Address, Taken>()
  #spaces: readonly Space[] = []
  /** How many addresses are taken from each pool, also from one that has lost them since. */
  readonly #used = new Map<string, bigint>()
  /** Cooling addresses that no pool has any more; kept until their time is over. */
  readonly #stray = new Map<Address, Cooling>()

  constructor(policy: CooldownPolicy) {
    this.#policy = policy
  }

  /** Replace the pools; what is taken or cooling stays so, wherever it lies now. */
  setPools(pools: readonly IpPool[]): void {
    const cursors = new Map(this.#spaces.map(space => [space.pool.name, space.cursor]))
    const cooling = this.#allCooling()
    this.#spaces = pools.map(pool => ({
      pool,
      free: new FreeSpace(pool.usable),
      cooling: new Map(),
      vacated: new Map(),
      cursor: cursors.get(pool.name)
    }))
    this.#stray.clear()
    for (const address of this.#taken.keys()) this.#spaceOf(address)?.free.take(address)
    for (const { entry, vacated } of cooling) this.#startCooling(entry, vacated)
  }

  /** Where next-fit of a pool goes on, as noted by an earlier process. */
  setCursor(pool: string, cursor: Address): void {
    const space = this.#space(pool)
    if (space !== undefined) space.cursor = cursor
  }

  /** Put back what the store remembers as used. */
  restoreLive(address: Address, pool: string, holder: string): void {
    assert(!this.#taken.has(address), 'an address is restored once')
    this.#taken.set(address, { state: 'live', holder, pool })
    this.#count(pool, 1n)
    this.#spaceOf(address)?.free.take(address)
  }

  /** Put back what the store remembers as cooling. */
  restoreCooling(cooling: Cooling, vacated: boolean): void {
    assert(!this.#taken.has(cooling.address), 'a cooling address is not used')
    this.#startCooling(cooling, vacated)
  }

  /** Take the next free address of a pool for `holder`, not yet for good. */
  reserve(poolName: string, holder: string, now: number): Reservation {
    const space = this.#space(poolName)
    if (space === undefined) return { type: 'Outside' }
    const free = space.free.next(space.cursor)
    if (free !== undefined) {
      space.cursor = free
      space.free.take(free)
      return this.#take(space, free, { state: 'reserved', holder, pool: poolName })
    }
    return this.#reserveScarce(space, holder, now)
  }

  /** Nothing is free: an address that cools may serve early when its old pod is certainly gone. */
  #reserveScarce(space: Space, holder: string, now: number): Reservation {
    const [vacated] = space.vacated.values()
    const [oldest] = space.cooling.values()
    const ready = oldest !== undefined && now - oldest.since >= this.#policy.scarceMs
    const cooling = vacated ?? (ready ? oldest : undefined)
    if (cooling !== undefined) return this.#takeCooling(space, cooling, holder)
    if (oldest === undefined) return { type: 'Exhausted', suspects: [] }
    const suspects = [...space.cooling.values().take(suspectsMax)]
    return { type: 'Exhausted', readyInMs: oldest.since + this.#policy.scarceMs - now, suspects }
  }

  /** Take exactly this address for `holder` when one of these pools has it, not yet for good. */
  reserveExact(
    address: Address,
    pools: readonly string[],
    holder: string,
    now: number
  ): Reservation {
    const space = this.#spaceOf(address)
    if (space === undefined || !pools.includes(space.pool.name)) return { type: 'Outside' }
    const taken = this.#taken.get(address)
    if (taken !== undefined) return { type: 'Taken', holder: taken.holder }
    const cooling = space.cooling.get(address)
    if (cooling !== undefined && now - cooling.since < this.#policy.scarceMs) {
      const readyInMs = cooling.since + this.#policy.scarceMs - now
      return { type: 'Exhausted', readyInMs, suspects: [cooling] }
    }
    const entry = cooling ?? space.vacated.get(address)
    if (entry !== undefined) return this.#takeCooling(space, entry, holder)
    space.free.take(address)
    return this.#take(space, address, { state: 'reserved', holder, pool: space.pool.name })
  }

  #takeCooling(space: Space, cooling: Cooling, holder: string): Reservation {
    const { address } = cooling
    const vacated = space.vacated.delete(address)
    space.cooling.delete(address)
    const before = { cooling, vacated }
    return this.#take(space, address, { state: 'reserved', holder, pool: space.pool.name, before })
  }

  #take(space: Space, address: Address, taken: Taken): Reservation {
    this.#taken.set(address, taken)
    this.#count(taken.pool, 1n)
    return { type: 'Reserved', address, pool: space.pool }
  }

  /** The reservation is durable now. */
  confirm(address: Address): void {
    const { holder, pool } = this.#takenBy(address, 'reserved')
    this.#taken.set(address, { state: 'live', holder, pool })
  }

  /** The reservation came to nothing and nobody was told of it. */
  cancel(address: Address): void {
    const { before, pool } = this.#takenBy(address, 'reserved')
    this.#taken.delete(address)
    this.#count(pool, -1n)
    if (before === undefined) this.#spaceOf(address)?.free.give(address)
    else this.#fileCooling(before.cooling, before.vacated)
  }

  /** A used address was released. */
  cool(address: Address, since: number, sandbox: Sandbox | undefined, vacated: boolean): void {
    const { pool } = this.#takenBy(address, 'live')
    this.#taken.delete(address)
    this.#count(pool, -1n)
    const cooling = { address, pool, since, ...(sandbox && { sandbox }) }
    this.#fileCooling(cooling, vacated)
  }

  /** The old namespace of this cooling address is verified gone. It may have been used again since. */
  vacate(suspect: Cooling): void {
    const { address, since } = suspect
    const space = this.#spaceOf(address)
    const cooling = space?.cooling.get(address)
    if (space === undefined || cooling?.since !== since || cooling.sandbox !== suspect.sandbox)
      return
    space.cooling.delete(address)
    space.vacated.set(address, cooling)
  }

  /** Free what has cooled long enough; returns those addresses. */
  endCooldowns(now: number): Address[] {
    const ended: Address[] = []
    for (const { cooling, vacated, free } of this.#spaces) {
      for (const queue of [cooling, vacated]) {
        for (const { address, since } of queue.values()) {
          if (now - since < this.#policy.normalMs) break
          queue.delete(address)
          free.give(address)
          ended.push(address)
        }
      }
    }
    for (const { address, since } of this.#stray.values()) {
      if (now - since >= this.#policy.normalMs && this.#stray.delete(address)) ended.push(address)
    }
    return ended
  }

  /** A pool that was made smaller may have more addresses in use than it offers. */
  usage(): PoolUsage[] {
    const stray = [...this.#stray.values()]
    return this.#spaces.map(({ pool: { name, usable }, free, cooling, vacated }) => ({
      pool: name,
      total: usable.size,
      used: this.#used.get(name) ?? 0n,
      cooling: BigInt(cooling.size + vacated.size + stray.filter(one => one.pool === name).length),
      free: free.size
    }))
  }

  /** The pools, there or gone, whose addresses are used or cooling. */
  poolsInUse(): Set<string> {
    const names = new Set(this.#used.keys())
    for (const { entry } of this.#allCooling()) names.add(entry.pool)
    return names
  }

  /** Throws when an address is in two states at once. Called after every step of the tests. */
  checkInvariants(): void {
    const used = [...this.#used.values()].reduce((sum, count) => sum + count, 0n)
    assert(used === BigInt(this.#taken.size), 'every taken address is counted once')
    for (const space of this.#spaces) {
      for (const address of this.#taken.keys()) {
        assert(!space.free.has(address), 'a taken address is not free')
      }
      for (const address of [...space.cooling.keys(), ...space.vacated.keys()]) {
        assert(!this.#taken.has(address), 'a cooling address is not taken')
        assert(!space.free.has(address), 'a cooling address is not free')
        assert(space.pool.usable.has(address), 'a pool cools its own addresses')
      }
      assert(![...space.cooling.keys()].some(a => space.vacated.has(a)), 'cooling in one place')
    }
  }

  #count(pool: string, change: bigint): void {
    const used = (this.#used.get(pool) ?? 0n) + change
    if (used === 0n) this.#used.delete(pool)
    else this.#used.set(pool, used)
  }

  #takenBy(address: Address, state: Taken['state']): Taken {
    const taken = this.#taken.get(address)
    assert(taken?.state === state, `address is ${taken?.state ?? 'not taken'}, not ${state}`)
    return taken
  }

  /** File a cooling address whose space does not list it as free. */
  #fileCooling(cooling: Cooling, vacated: boolean): void {
    const space = this.#spaceOf(cooling.address)
    const queue = space === undefined ? this.#stray : vacated ? space.vacated : space.cooling
    queue.set(cooling.address, cooling)
  }

  /** File a cooling address whose space was built anew and still lists it as free. */
  #startCooling(cooling: Cooling, vacated: boolean): void {
    this.#spaceOf(cooling.address)?.free.take(cooling.address)
    this.#fileCooling(cooling, vacated)
  }

  #allCooling(): { entry: Cooling; vacated: boolean }[] {
    const all = [...this.#stray.values()].map(entry => ({ entry, vacated: false }))
    for (const { cooling, vacated } of this.#spaces) {
      for (const entry of cooling.values()) all.push({ entry, vacated: false })
      for (const entry of vacated.values()) all.push({ entry, vacated: true })
    }
    return all.sort((a, b) => a.entry.since - b.entry.since)
  }

  #space(pool: string): Space | undefined {
    return this.#spaces.find(space => space.pool.name === pool)
  }

  #spaceOf(address: Address): Space | undefined {
    return this.#spaces.find(space => space.pool.usable.has(address))
  }
}
