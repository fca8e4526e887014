// What a stretch of addresses is like, for people who look at a whole subnet: layers of labelled ranges, of which
// the topmost that covers an address says what it is. Costs as much as there are ranges, whatever the subnet's size.

import type { Address } from '../address.ts'
import type { AddressRange } from '../address-range.ts'

/** A range and what all of its addresses are. Labels are the same when they are the same object. */
export interface Stretch<Label> extends AddressRange {
  readonly label: Label
}

/** Sorted and disjoint. */
export type Layer<Label> = readonly Stretch<Label>[]

/**
 * The window from end to end, as long stretches as can be: of each address the label of the first layer that has
 * it, `ground` where none has.
 */
export function paint<Label>(
  window: AddressRange,
  layers: readonly Layer<Label>[],
  ground: Label
): Stretch<Label>[] {
  const painted: Stretch<Label>[] = []
  // Most are empty most of the time.
  const present = layers.filter(layer => layer.length > 0)
  const cursors = present.map(layer => firstBehind(layer, window.start))
  for (let at: bigint = window.start; at < window.end;) {
    let label = ground
    let end = window.end
    let isFound = false
    for (const [i, layer] of present.entries()) {
      let cursor = cursors[i] ?? 0
      while ((layer[cursor]?.end ?? window.end) <= at) cursor += 1
      cursors[i] = cursor
      const top = layer[cursor]
      if (top === undefined || isFound) continue
      // What begins further on in this layer hides what lies below.
      const edge = top.start > at ? top.start : top.end
      if (edge < end) end = edge
      if (top.start > at) continue
      label = top.label
      isFound = true
    }
    append(painted, { start: at as Address, end, label })
    at = end
  }
  return painted
}

/** The neighbour before grows when it is of the same label. */
function append<Label>(painted: Stretch<Label>[], stretch: Stretch<Label>): void {
  const last = painted.at(-1)
  if (last?.label !== stretch.label) painted.push(stretch)
  else painted[painted.length - 1] = { ...last, end: stretch.end }
}

/** The first stretch that ends behind this address. */
function firstBehind(layer: Layer<unknown>, address: Address): number {
  let low = 0
  let high = layer.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((layer[middle]?.end ?? 0n) <= address) low = middle + 1
    else high = middle
  }
  return low
}
