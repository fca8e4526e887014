// The addresses that somebody has, reserved or for good, and how many of them came from each pool.

import type { Address } from './address.ts'
import type { AddressRange } from './address-range.ts'
import { AddressSet } from './address-set.ts'
import { assert } from './assert.ts'
import type { CoolingEntry } from './cooling-queue.ts'

export interface Taken {
  readonly state: 'reserved' | 'live'
  readonly holder: string
  readonly pool: string
  /** What it was before a reservation that may still be cancelled. */
  readonly before?: CoolingEntry
}

export class TakenAddresses {
  readonly #taken = new Map<Address, Taken>()
  /** By pool, also by one that has lost the addresses since. */
  readonly #used = new Map<string, bigint>()

  get(address: Address): Taken | undefined {
    return this.#taken.get(address)
  }

  addresses(): Iterable<Address> {
    return this.#taken.keys()
  }

  entries(): Iterable<readonly [Address, Taken]> {
    return this.#taken
  }

  add(address: Address, taken: Taken): void {
    assert(!this.#taken.has(address), 'an address is taken once')
    this.#taken.set(address, taken)
    this.#used.set(taken.pool, this.usedOf(taken.pool) + 1n)
  }

  /** The reservation is for good. */
  settle(address: Address): void {
    const { holder, pool } = this.#takenAs(address, 'reserved')
    this.#taken.set(address, { state: 'live', holder, pool })
  }

  /** Reserved or not, somebody else has it. */
  reassign(address: Address, holder: string): void {
    const taken = this.#taken.get(address)
    assert(taken !== undefined, 'only what is taken has another holder')
    this.#taken.set(address, { state: 'live', holder, pool: taken.pool })
  }

  /** Nobody has the address any more; it must have been in this state. */
  release(address: Address, state: Taken['state']): Taken {
    const taken = this.#takenAs(address, state)
    const used = this.usedOf(taken.pool) - 1n
    this.#taken.delete(address)
    if (used === 0n) this.#used.delete(taken.pool)
    else this.#used.set(taken.pool, used)
    return taken
  }

  usedOf(pool: string): bigint {
    return this.#used.get(pool) ?? 0n
  }

  pools(): Iterable<string> {
    return this.#used.keys()
  }

  /** Those that are wanted, or all. What is looked for often is few. */
  toSet(isWanted: (address: Address) => boolean = () => true): AddressSet {
    const wanted: AddressRange[] = []
    for (const address of this.#taken.keys()) {
      if (isWanted(address)) wanted.push({ start: address, end: address + 1n })
    }
    return AddressSet.of(wanted)
  }

  #takenAs(address: Address, state: Taken['state']): Taken {
    const taken = this.#taken.get(address)
    assert(taken?.state === state, `address is ${taken?.state ?? 'not taken'}, not ${state}`)
    return taken
  }

  /** Throws when the counts are not those of the addresses. */
  checkInvariants(): void {
    const used = [...this.#used.values()].reduce((sum, count) => sum + count, 0n)
    assert(used === BigInt(this.#taken.size), 'every taken address is counted once')
  }
}
