// The contests of one domain that this node knows of. They stay as history; an address is out of use until the
// registry decides it anew.

import type { Address } from '../address.ts'
import { AddressSet } from '../address-set.ts'
import type { Contest } from './contest.ts'
import type { LeaseMap } from './lease-map.ts'
import { retired } from './register.ts'

export class Contests {
  readonly #map: LeaseMap
  readonly #byAddress: Map<Address, Contest[]>

  constructor(contests: readonly Contest[], map: LeaseMap) {
    this.#map = map
    this.#byAddress = Map.groupBy(contests, ({ address }) => address)
  }

  get all(): readonly Contest[] {
    return [...this.#byAddress.values()].flat()
  }

  add(contests: readonly Contest[]): void {
    for (const contest of contests) {
      const known = this.#byAddress.get(contest.address)
      if (known === undefined) this.#byAddress.set(contest.address, [contest])
      else known.push(contest)
    }
  }

  has(address: Address): boolean {
    return this.#byAddress.get(address)?.some(contest => this.#isOpen(contest)) ?? false
  }

  /** The addresses that are out of use. */
  open(): AddressSet {
    return addressesOf(this.all.filter(contest => this.#isOpen(contest)))
  }

  /** An heir's claim settles nothing: the other claimant may have a pod there. Only the registry itself does. */
  #isOpen({ address, claims }: Contest): boolean {
    const now = this.#map.at(address)
    return now === undefined || now.writer !== retired || now.fence <= claims[0].fence
  }
}

export function addressesOf(contests: readonly Contest[]): AddressSet {
  return AddressSet.of(contests.map(({ address }) => ({ start: address, end: address + 1n })))
}
