// From what the store remembers to pools and address books: the first thing that happens in a house.

import type { AddressBook } from '../core/address-book.ts'
import { type Assignment, keyText } from '../core/attachment.ts'
import { rangeContains } from '../core/address-range.ts'
import { type Cidr, cidrOf, formatCidr } from '../core/cidr.ts'
import { buildPoolSetKeeping, drainingDocument } from '../core/draining-pool.ts'
import type { IpPool } from '../core/ip-pool.ts'
import { buildPoolSet, emptyPoolSet, type PoolSet } from '../core/pool-set.ts'
import type { CoolingAddress, StoredState } from '../ports/attachment-store.ts'
import type { PoolListing } from '../ports/pool-source.ts'

/** What is remembered of one subnet. */
export interface Remembered {
  readonly live: { readonly assignment: Assignment; readonly holder: string }[]
  readonly cooling: CoolingAddress[]
}

/** By subnet in CIDR notation. */
export function rememberedByCidr({ attachments, cooling }: StoredState): Map<string, Remembered> {
  const byCidr = new Map<string, Remembered>()
  // Thousands of neighbours are of one subnet.
  let last: { readonly subnet: Cidr; readonly remembered: Remembered } | undefined
  const at = ({ address, prefix }: Pick<Assignment, 'address' | 'prefix'>): Remembered => {
    if (last?.subnet.prefix === prefix && rangeContains(last.subnet.range, address)) {
      return last.remembered
    }
    const subnet = cidrOf(address, prefix)
    const cidr = formatCidr(subnet)
    const remembered = byCidr.get(cidr) ?? { live: [], cooling: [] }
    byCidr.set(cidr, remembered)
    last = { subnet, remembered }
    return remembered
  }
  for (const { key, assignments } of attachments) {
    const holder = keyText(key)
    for (const assignment of assignments) at(assignment).live.push({ assignment, holder })
  }
  for (const entry of cooling) at(entry).cooling.push(entry)
  return byCidr
}

/** The documents of the source, judged beside what is in use: pools with addresses out keep their subnets. */
export function initialPools(listing: PoolListing, state: StoredState): PoolSet {
  const assignments = state.attachments.flatMap(attachment => attachment.assignments)
  const used = new Map([...assignments, ...state.cooling].map(one => [one.pool, one]))
  const documents = [...used].map(([pool, { address, prefix }]) =>
    drainingDocument(pool, cidrOf(address, prefix))
  )
  const inForce = buildPoolSet(documents, emptyPoolSet)
  const inUse = new Set(used.keys())
  return buildPoolSetKeeping(inUse, listing.documents, inForce, listing.problems)
}

/** Fill the book of one subnet. `boot` is the current boot id. */
export function restoreBook(
  book: AddressBook,
  pools: readonly IpPool[],
  remembered: Remembered | undefined,
  cursors: StoredState['cursors'],
  boot: string
): void {
  book.setPools(pools)
  for (const { assignment, holder } of remembered?.live ?? []) {
    book.restoreLive(assignment.address, assignment.pool, holder)
  }
  for (const { address, pool, since, boot: then } of remembered?.cooling ?? []) {
    // Released before a reboot: its namespace is gone, and the other boot's clock means nothing here.
    const rebooted = then !== boot
    book.restoreCooling({ address, pool, since: rebooted ? 0 : since }, rebooted)
  }
  for (const { name } of pools) {
    const cursor = cursors.get(name)
    if (cursor !== undefined) book.setCursor(name, cursor)
  }
}
