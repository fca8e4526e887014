// The link of the host behind an interface: the physical function of a virtual one, or the master of a macvlan. With
// `match_master_subnet` a pool has to be of a subnet in which it has an address.

import { type Address, formatAddress } from '../address.ts'
import { rangeContains } from '../address-range.ts'
import { formatCidr } from '../cidr.ts'
import type { IpPool } from '../ip-pool.ts'

export type ParentLink =
  | { readonly name: string; readonly addresses: readonly Address[] }
  /** Part of a sentence. */
  | { readonly unknown: string }

/** What is not known matches nothing. */
export function matchesParent({ subnet }: IpPool, parent: ParentLink): boolean {
  return (
    'addresses' in parent && parent.addresses.some(address => rangeContains(subnet.range, address))
  )
}

export function parentText({ name, subnet }: IpPool, parent: ParentLink): string {
  const asked = `match_master_subnet asks for an address in ${formatCidr(subnet)}`
  if ('unknown' in parent) return `pool ${name} is of another link: ${asked}, and ${parent.unknown}`
  const addresses = parent.addresses.map(formatAddress).join(', ') || 'none'
  return `pool ${name} is of another link: ${asked}, and ${parent.name} has ${addresses}`
}
