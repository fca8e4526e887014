// The query of a request that only looks: texts by key, each known and given once.

import { type Address, parseAddress } from '../core/address.ts'

export interface Query {
  readonly texts: Readonly<Record<string, string>>
}

/** Which keys there are; what is wrong with the query in one sentence. */
export function queryOf(
  query: URLSearchParams,
  keys: readonly string[]
): Query | { readonly problem: string } {
  const texts: Record<string, string> = {}
  for (const [key, value] of query) {
    if (!keys.includes(key)) return { problem: `${key}: unknown; known are ${keys.join(', ')}` }
    if (key in texts) return { problem: `${key}: is given twice` }
    if (value !== '') texts[key] = value
  }
  return { texts }
}

export function addressIn(text: string, key: string): Address | { readonly problem: string } {
  return parseAddress(text) ?? { problem: `${key}: "${text}" is no IP address` }
}

/** A whole number of the range, `usual` when none is given. */
export function countIn(
  text: string | undefined,
  key: string,
  { from, to, usual }: { readonly from: number; readonly to: number; readonly usual: number }
): number | { readonly problem: string } {
  const value = text === undefined ? usual : Number(text)
  if (Number.isInteger(value) && value >= from && value <= to) return value
  return { problem: `${key}: "${text}" must be a whole number from ${from} to ${to}` }
}
