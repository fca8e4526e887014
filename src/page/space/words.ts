// The words for what is drawn.

import { type Address, formatAddress } from '../../core/address.ts'
import type { Label, Space, State } from './space.ts'

export const stateWords: Readonly<Record<State, string>> = {
  free: 'free here',
  used: 'used here',
  cooling: 'cooling',
  quarantined: 'quarantined',
  kept: 'kept',
  held: 'held',
  contested: 'contested',
  retired: 'given up',
  reserved: 'reserved',
  outside: 'in no pool',
  unclaimed: 'not shared out yet'
}

export const stateMeanings: Readonly<Record<State, string>> = {
  free: 'The next pod on this node may get it.',
  used: 'A pod of this node has it.',
  cooling: 'Released a moment ago; it rests before it is used again.',
  quarantined: 'A host that is no pod answers for it; out of use for ten minutes.',
  kept: 'Nobody has it, and only the pod or application that it is kept for gets it.',
  held: 'Belongs to another node, which alone may give it to a pod.',
  contested: 'Two nodes have proof that it is theirs. Nobody uses it until you decide.',
  retired: 'Given up for ever: its range was taken out of the pools.',
  reserved: 'A SpiderReservedIP, a gateway, or a network or broadcast address.',
  outside: 'In no pool of this node.',
  unclaimed: 'In a pool; the registry has not shared it out yet.'
}

export function labelWords({ state, node }: Label, self: string): string {
  if (state === 'held') return `held by ${node}`
  if (state === 'kept' && node !== '' && node !== self) return `kept by ${node}`
  return stateWords[state]
}

/** `10.20.4.0–10.20.7.255`, or one address. */
export function cellWords(cell: number, space: Space): string {
  const first = space.addressAt(cell)
  if (space.isSingle) return formatAddress(first)
  return `${formatAddress(first)} – ${formatAddress((first + space.cell - 1n) as Address)}`
}

/** With spaces every three digits, and powers of two where digits say nothing. */
export function countWords(count: bigint): string {
  if (count < 10_000n) return String(count)
  if (count >= 1_000_000_000_000n)
    return `2^${Math.log2(Number(count)).toFixed(1).replace(/\.0$/, '')}`
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** `10.20.0.0/16` of a window; windows are aligned. */
export function windowWords(start: Address, end: bigint): string {
  const bits = (end - start).toString(2).length - 1
  const isMapped = formatAddress(start).includes('.')
  return `${formatAddress(start)}/${(isMapped ? 32 : 128) - bits}`
}

export function percentWords(part: bigint, whole: bigint): string {
  if (whole === 0n) return '0 %'
  const share = Number((part * 10_000n) / whole) / 100
  if (part > 0n && share === 0) return '<0.01 %'
  return share > 0 && share < 1 ? `${share.toFixed(2)} %` : `${Math.round(share)} %`
}

/** Container ids are 64 digits, of which people compare the first few. */
export function shortIds(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{10})[0-9a-f]{22,}\b/g, '$1…')
}
