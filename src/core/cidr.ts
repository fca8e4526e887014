// A subnet in CIDR notation (RFC 4632 for IPv4, RFC 4291 section 2.3 for IPv6).

import {
  type Address,
  bitsOf,
  type Family,
  familyOf,
  formatAddress,
  parseAddress,
  toAddress
} from './address.ts'
import { type AddressRange, rangesOverlap } from './address-range.ts'

/** A subnet; `range.start` is its network address and `prefix` counts in the bits of its family. */
export interface Cidr {
  readonly family: Family
  readonly prefix: number
  readonly range: AddressRange
}

/** Read a canonical subnet (`10.6.0.0/16`, not `10.6.1.1/16`), or say what is wrong with it. */
export function parseCidr(text: string): Cidr | { readonly problem: string } {
  const cut = text.lastIndexOf('/')
  const address = parseAddress(text.slice(0, Math.max(cut, 0)))
  const length = text.slice(cut + 1)
  if (cut < 0 || address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) {
    return { problem: `"${text}" is no subnet; write it like 10.6.0.0/16 or fd00:6::/64` }
  }
  const family = familyOf(address)
  if (family === 4 && text.includes(':')) {
    return { problem: `"${text}" is IPv4 written as IPv6; write it like 10.6.0.0/16` }
  }
  const prefix = Number(length)
  if (prefix > bitsOf(family)) {
    return { problem: `"${text}" has a prefix longer than ${bitsOf(family)} bits` }
  }
  const cidr = cidrOf(address, prefix)
  if (cidr.range.start !== address) {
    return { problem: `"${text}" has host bits set; the subnet is ${formatCidr(cidr)}` }
  }
  return cidr
}

/** The subnet of `prefix` bits that holds `address`; `family` differs for IPv6 subnets around all of IPv4. */
export function cidrOf(address: Address, prefix: number, family = familyOf(address)): Cidr {
  const size = 1n << BigInt(bitsOf(family) - prefix)
  const start = toAddress(address - (address % size))
  return { family, prefix, range: { start, end: start + size } }
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.range.start)}/${cidr.prefix}`
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && rangesOverlap(a.range, b.range)
}

/**
 * The addresses of a subnet that no interface may bear: network and broadcast in IPv4 (RFC 1122
 * section 3.2.1.3; not in a /31, RFC 3021), the subnet-router anycast address in IPv6 (RFC 4291
 * section 2.6.1; not in a /127, RFC 6164).
 */
export function unassignable({ family, prefix, range }: Cidr): AddressRange[] {
  if (bitsOf(family) - prefix < 2) return []
  const network = { start: range.start, end: range.start + 1n }
  const broadcast = { start: toAddress(range.end - 1n), end: range.end }
  return family === 4 ? [network, broadcast] : [network]
}
