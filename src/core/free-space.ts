// The free addresses of a pool, changed in place: the same boundary list as AddressSet, because next-fit
// takes from the edge of a run and so moves a boundary instead of adding one.

import type { Address } from './address.ts'
import type { AddressRange } from './address-range.ts'
import { type AddressSet, crossings } from './address-set.ts'
import { assert } from './assert.ts'

export class FreeSpace {
  readonly #boundaries: bigint[] = []
  #size: bigint

  constructor(addresses: AddressSet) {
    for (const { start, end } of addresses.ranges()) this.#boundaries.push(start, end)
    this.#size = addresses.size
  }

  get size(): bigint {
    return this.#size
  }

  *ranges(): Generator<AddressRange> {
    for (let i = 0; i < this.#boundaries.length; i += 2) {
      yield { start: this.#boundaries[i] as Address, end: this.#boundaries[i + 1] as bigint }
    }
  }

  has(address: Address): boolean {
    return crossings(this.#boundaries, address) % 2 === 1
  }

  /** The first free address at or after `from`, else the first of all; undefined when none is free. */
  next(from: Address | undefined): Address | undefined {
    const at = from === undefined ? 0 : crossings(this.#boundaries, from)
    if (at % 2 === 1) return from
    return (this.#boundaries[at] ?? this.#boundaries[0]) as Address | undefined
  }

  take(address: Address): void {
    const at = crossings(this.#boundaries, address)
    assert(at % 2 === 1, 'only a free address can be taken')
    this.#flip(at, address)
    this.#size -= 1n
  }

  give(address: Address): void {
    const at = crossings(this.#boundaries, address)
    assert(at % 2 === 0, 'only a taken address can be given back')
    this.#flip(at, address)
    this.#size += 1n
  }

  /** All of the range is free from now on, whatever was before. */
  add(range: AddressRange): void {
    this.#size += range.end - range.start - this.#cover(range, true)
  }

  /** None of the range is free from now on, whatever was before. */
  remove(range: AddressRange): void {
    this.#size -= this.#cover(range, false)
  }

  /** Make a range free or not; returns how much of it was free. */
  #cover({ start, end }: AddressRange, isFree: boolean): bigint {
    const from = crossings(this.#boundaries, start - 1n)
    const to = crossings(this.#boundaries, end)
    const [isFreeBefore, isFreeAfter] = [from % 2 === 1, to % 2 === 1]
    const edges: bigint[] = []
    if (isFreeBefore !== isFree) edges.push(start)
    if (isFreeAfter !== isFree) edges.push(end)
    const inside = this.#boundaries.splice(from, to - from, ...edges)
    if (isFreeBefore) inside.unshift(start)
    if (isFreeAfter) inside.push(end)
    return inside.reduce((sum, edge, i) => (i % 2 === 0 ? sum - edge : sum + edge), 0n)
  }

  /**
   * Turn the membership of one address around. `at` boundaries lie at or below it; taking and giving
   * are the same move, since a boundary that meets another one disappears and else appears.
   */
  #flip(at: number, address: Address): void {
    const after = address + 1n
    const startsHere = this.#boundaries[at - 1] === address
    const endsHere = this.#boundaries[at] === after
    if (startsHere && endsHere) this.#boundaries.splice(at - 1, 2)
    else if (startsHere) this.#boundaries[at - 1] = after
    else if (endsHere) this.#boundaries[at] = address
    else this.#boundaries.splice(at, 0, address, after)
  }
}
