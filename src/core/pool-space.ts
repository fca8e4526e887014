// What one node has of a pool: the addresses that are free here, those that are kept for somebody who is not there,
// and those that cool down.

import type { Address } from './address.ts'
import { AddressSet } from './address-set.ts'
import { assert } from './assert.ts'
import type { CooldownPolicy } from './cooldown.ts'
import { CoolingQueue } from './cooling-queue.ts'
import { FreeSpace } from './free-space.ts'
import type { IpPool } from './ip-pool.ts'

export class PoolSpace {
  readonly pool: IpPool
  readonly free: FreeSpace
  readonly cooling: CoolingQueue
  /** Of those that nobody has and that do not cool: the ones that are free for one holder alone. */
  readonly #kept = new Set<Address>()
  readonly #keeps: ReadonlyMap<Address, string>
  /** The address that next-fit took last. */
  cursor: Address | undefined

  /** All that is `mine` of the pool is free at first, or kept. `keeps`: for whom, changed by others in place. */
  constructor(
    pool: IpPool,
    mine: AddressSet,
    keeps: ReadonlyMap<Address, string>,
    policy: CooldownPolicy,
    cursor: Address | undefined
  ) {
    this.pool = pool
    this.free = new FreeSpace(AddressSet.empty)
    this.cooling = new CoolingQueue(policy)
    this.cursor = cursor
    this.#keeps = keeps
    this.gain(mine)
  }

  /** How many are kept for somebody and not in use. */
  get kept(): number {
    return this.#kept.size
  }

  /** Somebody has it now, or it cools. */
  take(address: Address): void {
    if (!this.#kept.delete(address)) this.free.take(address)
  }

  /** Nobody has it any more, and it does not cool. */
  give(address: Address): void {
    if (this.#keeps.has(address)) this.#kept.add(address)
    else this.free.give(address)
  }

  /** For whom it is kept has changed: sort it in again when it is in nobody's use. */
  settle(address: Address): void {
    if (this.#kept.delete(address)) return this.give(address)
    if (!this.free.has(address)) return
    this.free.take(address)
    this.give(address)
  }

  takeNext(): Address | undefined {
    const free = this.free.next(this.cursor)
    if (free === undefined) return undefined
    this.cursor = free
    this.free.take(free)
    return free
  }

  gain(set: AddressSet): void {
    const gained = this.pool.usable.intersect(set)
    for (const range of gained.ranges()) this.free.add(range)
    if (this.#keeps.size === 0 || gained.isEmpty) return
    for (const address of this.#keeps.keys()) if (gained.has(address)) this.settle(address)
  }

  lose(set: AddressSet): void {
    for (const range of set.ranges()) this.free.remove(range)
    for (const address of this.#kept) if (set.has(address)) this.#kept.delete(address)
  }

  grantable(now: number, scarce: boolean): AddressSet {
    const early = scarce ? this.cooling.early(now).filter(one => !this.#keeps.has(one)) : []
    return AddressSet.of([
      ...this.free.ranges(),
      ...early.map(address => ({ start: address, end: address + 1n }))
    ])
  }

  /** Throws unless each address that is this node's and the pool's is free, kept, cooling or taken. */
  checkInvariants(mine: AddressSet, taken: AddressSet): void {
    const own = this.pool.usable.intersect(mine)
    const free = AddressSet.of(this.free.ranges())
    assert(free.subtract(own).isEmpty, 'only own addresses are free')
    assert(free.intersect(taken).isEmpty, 'a taken address is not free')
    for (const { cooling } of this.cooling.entries()) {
      assert(!taken.has(cooling.address), 'a cooling address is not taken')
      assert(!free.has(cooling.address), 'a cooling address is not free')
      assert(own.has(cooling.address), 'a pool cools its own addresses')
    }
    for (const address of this.#kept) {
      assert(this.#keeps.has(address) && own.has(address), 'what is kept is kept for somebody')
      assert(!taken.has(address) && !free.has(address), 'a kept address is not free or taken')
    }
    const idle = BigInt(this.cooling.size + this.#kept.size)
    const accounted = free.size + own.intersect(taken).size + idle
    assert(accounted === own.size, 'an own address is free, kept, cooling or taken')
    this.cooling.checkInvariants()
  }
}
