// A set of addresses of any size as the sorted list of points where membership changes: an address
// is in the set when an odd number of boundaries lie at or below it. A /8 costs two numbers.

import type { Address } from './address.ts'
import type { AddressRange } from './address-range.ts'

export class AddressSet {
  static readonly empty = new AddressSet([])

  readonly #boundaries: readonly bigint[]

  private constructor(boundaries: readonly bigint[]) {
    this.#boundaries = boundaries
  }

  /** The union of any ranges, in any order, overlapping or not. */
  static of(ranges: Iterable<AddressRange>): AddressSet {
    const sorted = [...ranges].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    const boundaries: bigint[] = []
    for (const { start, end } of sorted) {
      const last = boundaries.at(-1)
      if (last === undefined || start > last) boundaries.push(start, end)
      else if (end > last) boundaries[boundaries.length - 1] = end
    }
    return new AddressSet(boundaries)
  }

  has(address: Address): boolean {
    return crossings(this.#boundaries, address) % 2 === 1
  }

  /** How many addresses; a /64 has more than a JavaScript number can count. */
  get size(): bigint {
    let size = 0n
    for (const { start, end } of this.ranges()) size += end - start
    return size
  }

  get isEmpty(): boolean {
    return this.#boundaries.length === 0
  }

  *ranges(): Generator<AddressRange> {
    for (let i = 0; i < this.#boundaries.length; i += 2) {
      yield { start: this.#boundaries[i] as Address, end: this.#boundaries[i + 1] as bigint }
    }
  }

  union(other: AddressSet): AddressSet {
    return this.#combine(other, (a, b) => a || b)
  }

  subtract(other: AddressSet): AddressSet {
    return this.#combine(other, (a, b) => a && !b)
  }

  intersect(other: AddressSet): AddressSet {
    return this.#combine(other, (a, b) => a && b)
  }

  /** Walk both boundary lists once and keep each point where the combined membership changes. */
  #combine(other: AddressSet, member: (a: boolean, b: boolean) => boolean): AddressSet {
    const [left, right] = [this.#boundaries, other.#boundaries]
    const boundaries: bigint[] = []
    let inside = false
    for (let i = 0, j = 0; i < left.length || j < right.length;) {
      const [a, b] = [left[i], right[j]]
      const point = b === undefined || (a !== undefined && a <= b) ? (a as bigint) : b
      if (a === point) i += 1
      if (b === point) j += 1
      if (member(i % 2 === 1, j % 2 === 1) !== inside) {
        boundaries.push(point)
        inside = !inside
      }
    }
    return new AddressSet(boundaries)
  }
}

/** How many of the sorted boundaries lie at or below `point`. */
export function crossings(boundaries: readonly bigint[], point: bigint): number {
  let low = 0
  let high = boundaries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((boundaries[middle] as bigint) <= point) low = middle + 1
    else high = middle
  }
  return low
}
