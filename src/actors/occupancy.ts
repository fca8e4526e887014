// What a subnet shows of its addresses to people: sets and runs as they are, so that a look costs as much as there
// are runs and pods, and none of it is put together for a range nobody looks at.

import type { Address } from '../core/address.ts'
import type { AddressRange } from '../core/address-range.ts'
import { AddressSet } from '../core/address-set.ts'
import { addressesOf } from '../core/lease/contests.ts'
import type { Occupancy } from '../core/map/occupancy.ts'
import type { Desk } from './desk.ts'
import type { Quarantine } from './quarantine.ts'

export function occupancyOf(
  { custody, book }: Desk,
  quarantine: Quarantine,
  window: AddressRange
): Occupancy {
  const within = AddressSet.of([window])
  return {
    me: custody.me,
    runs: custody.map.within(window),
    used: book.liveRanges(address => within.has(address)),
    cooling: setOf(book.coolingIn(within)),
    quarantined: setOf(quarantine.addresses),
    contested: addressesOf(custody.contests.filter(({ address }) => custody.isContested(address)))
  }
}

function setOf(addresses: Iterable<Address>): AddressSet {
  return AddressSet.of([...addresses].map(address => ({ start: address, end: address + 1n })))
}
