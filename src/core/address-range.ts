// A run of addresses, half-open inside the program and inclusive in everything a person reads.

import { type Address, familyOf, formatAddress, ipv4Base, parseAddress } from './address.ts'
import { assert } from './assert.ts'

/** All addresses from `start` up to but not including `end`. Never empty, never of two families. */
export interface AddressRange {
  readonly start: Address
  /** One past the last address. A plain number, since past the last IPv6 address there is none. */
  readonly end: bigint
}

export function rangeOf(first: Address, last: Address): AddressRange {
  assert(first <= last && isOneFamily(first, last), 'a range runs upward in one family')
  return { start: first, end: last + 1n }
}

/** IPv4 lies in the midst of IPv6, so both ends can be IPv6 with all of IPv4 between them. */
function isOneFamily(first: Address, last: Address): boolean {
  return familyOf(first) === familyOf(last) && !(first < ipv4Base && last >= ipv4Base)
}

/** Read `10.0.0.1` or `10.0.0.1-10.0.0.9`; anything else gives the sentence of what is wrong. */
export function parseRange(text: string): AddressRange | { readonly problem: string } {
  const [from = '', to = from, ...rest] = text.split('-').map(part => part.trim())
  const first = parseAddress(from)
  const last = parseAddress(to)
  if (first === undefined || last === undefined || rest.length > 0) {
    return {
      problem: `"${text}" is no IP address and no range; write 10.0.0.5 or 10.0.0.5-10.0.0.9`
    }
  }
  if (last < first && familyOf(first) === familyOf(last)) {
    return { problem: `"${text}" ends before it starts` }
  }
  if (!isOneFamily(first, last)) return { problem: `"${text}" mixes IPv4 and IPv6` }
  return rangeOf(first, last)
}

/** `10.0.0.1`, or `10.0.0.1-10.0.0.9` with both ends included. */
export function formatRange({ start, end }: AddressRange): string {
  const first = formatAddress(start)
  return end - start === 1n ? first : `${first}-${formatAddress((end - 1n) as Address)}`
}

export function rangeContains(range: AddressRange, address: Address): boolean {
  return address >= range.start && address < range.end
}

export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.start < b.end && b.start < a.end
}
