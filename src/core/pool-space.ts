// What one node has of a pool: the addresses that are free here and those that cool down here.

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
  /** The address that next-fit took last. */
  cursor: Address | undefined

  /** All that is `mine` of the pool is free at first. */
  constructor(pool: IpPool, mine: AddressSet, policy: CooldownPolicy, cursor: Address | undefined) {
    this.pool = pool
    this.free = new FreeSpace(pool.usable.intersect(mine))
    this.cooling = new CoolingQueue(policy)
    this.cursor = cursor
  }

  takeNext(): Address | undefined {
    const free = this.free.next(this.cursor)
    if (free === undefined) return undefined
    this.cursor = free
    this.free.take(free)
    return free
  }

  gain(set: AddressSet): void {
    for (const range of this.pool.usable.intersect(set).ranges()) this.free.add(range)
  }

  lose(set: AddressSet): void {
    for (const range of set.ranges()) this.free.remove(range)
  }

  grantable(now: number, scarce: boolean): AddressSet {
    const early = scarce ? this.cooling.early(now) : []
    return AddressSet.of([
      ...this.free.ranges(),
      ...early.map(address => ({ start: address, end: address + 1n }))
    ])
  }

  /** Throws unless each address that is this node's and the pool's is free, cooling or taken. */
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
    const accounted = free.size + own.intersect(taken).size + BigInt(this.cooling.size)
    assert(accounted === own.size, 'an own address is free, cooling or taken')
    this.cooling.checkInvariants()
  }
}
