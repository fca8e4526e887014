// How much a donor gives, and which addresses: blocks while there is plenty, exactly what waits when there is
// not, so that the last address of a pool can still reach the last pod.

import type { AddressRange } from '../address-range.ts'
import type { AddressSet } from '../address-set.ts'

/** No grant is larger: a /28 serves a node for a while, and a wrong guess costs little. */
const grantMax = 16

/** Runs of one grant, when no single run is long enough. */
const fragmentsMax = 4

const lowWaterMin = 2
const lowWaterMax = 16

export interface GrantInput {
  /** What the donor could give away now. */
  readonly free: number
  /** Pods that wait at the donor. */
  readonly waiting: number
  /** Pods that wait at the receiver; 0 asks for stock ahead of need. */
  readonly demand: number
  /** How many the receiver would like in all. */
  readonly wish: number
  /** What the donor keeps when nobody waits. */
  readonly low: number
  /** Free addresses of the whole pool, as far as anybody knows. */
  readonly estimatedFree: number
  readonly members: number
  readonly scarce: boolean
}

/** How many addresses to give; 0 for none. Need is served down to the donor's last address. */
export function grantSize(input: GrantInput): number {
  const { free, waiting, demand, wish, low, estimatedFree, members, scarce } = input
  if (demand === 0 && scarce) return 0
  const available = free - waiting - (demand === 0 ? low : 0)
  const wanted = demand === 0 ? wish : demand
  if (available < 1 || wanted < 1) return 0
  const share = clamp(Math.floor(estimatedFree / (2 * Math.max(members, 1))), 0, grantMax)
  const fair = Math.max(wanted, Math.ceil(free / 2))
  return Math.max(1, Math.min(available, grantMax, wanted + share, fair))
}

export interface PoolPlenty {
  readonly estimatedFree: number
  readonly members: number
  /** The low-water mark, of the average member. */
  readonly low: number
  /** All addresses of the pool. */
  readonly total: number
}

/** From here on stock would keep addresses from pods: nobody asks ahead of need. */
export function isScarce({ estimatedFree, members, low, total }: PoolPlenty): boolean {
  return estimatedFree < 2 * members * low || estimatedFree * 10 < total
}

/** How many free addresses to have in stock, from the most pods that came within two seconds lately. */
export function lowWater(peakAdds: number): number {
  return clamp(Math.ceil(peakAdds), lowWaterMin, lowWaterMax)
}

/**
 * Up to `size` addresses: an aligned run from the smallest candidate that holds one, so that big ones stay
 * whole; else a run from the smallest that is long enough; else a few fragments, the largest first.
 */
export function chooseRuns(candidates: AddressSet, size: number): AddressRange[] {
  if (size < 1) return []
  const length = BigInt(size)
  const block = blockOf(length)
  let aligned: Fit | undefined
  let loose: Fit | undefined
  for (const range of candidates.ranges()) {
    const at = ((range.start + block - 1n) / block) * block
    if (at + length <= range.end) aligned = tighter(aligned, { at, range })
    if (range.start + length <= range.end) loose = tighter(loose, { at: range.start, range })
  }
  const best = aligned ?? loose
  if (best === undefined) return fragments(candidates, length)
  return [{ start: best.at as AddressRange['start'], end: best.at + length }]
}

interface Fit {
  readonly at: bigint
  readonly range: AddressRange
}

function tighter(best: Fit | undefined, fit: Fit): Fit {
  return best === undefined || lengthOf(fit.range) < lengthOf(best.range) ? fit : best
}

function fragments(candidates: AddressSet, size: bigint): AddressRange[] {
  const largest = [...candidates.ranges()].sort((a, b) => Number(lengthOf(b) - lengthOf(a)))
  const chosen: AddressRange[] = []
  let missing = size
  for (const { start, end } of largest.slice(0, fragmentsMax)) {
    if (missing === 0n) break
    const length = end - start < missing ? end - start : missing
    chosen.push({ start, end: start + length })
    missing -= length
  }
  return chosen
}

/** The smallest power of two that is not below `length`. */
function blockOf(length: bigint): bigint {
  let block = 1n
  while (block < length) block *= 2n
  return block
}

function lengthOf({ start, end }: AddressRange): bigint {
  return end - start
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
