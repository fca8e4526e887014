// The map's colours, as the style sheet has them now.

import { colourText } from '../theme.ts'
import type { Space } from './space.ts'
import type { Paint } from './painter.ts'
import { faded, type Palette, type Tile, tileOf } from './tiles.ts'

const nodeColours = 6

const palette: Palette = {
  colour: name => pixelOf(colourText(`map-${name}`)),
  nodeColours
}

/** `#rrggbb` as ImageData has it. */
export function pixelOf(text: string): number {
  const value = Number.parseInt(text.slice(1), 16)
  const [red, green, blue] = [(value >> 16) & 255, (value >> 8) & 255, value & 255]
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0
}

/** Which of the other nodes, in their order; -1 for this one and for nobody. */
export function turnOf(node: string, others: readonly string[]): number {
  return others.indexOf(node)
}

/** A tile for each label of the space; all but the picked one fade when one is picked. */
export function paintOf(
  space: Space,
  others: readonly string[],
  ratio: number,
  picked: string | undefined
): Paint {
  const ground = pixelOf(colourText('map-ground'))
  const tiles = space.labels.map((label): Tile => {
    const tile = tileOf(label, turnOf(label.node, others), palette, ratio)
    return picked === undefined || picked === keyOf(label) ? tile : faded(tile, ground)
  })
  return { tiles, ground }
}

export function keyOf({ state, node }: { readonly state: string; readonly node: string }): string {
  return `${state} ${node}`
}

/** The colour under the pattern of each label: the one that most of its pixels have. */
export function groundsOf({ tiles }: Paint): string[] {
  return tiles.map(({ pixels }) => {
    const counts = new Map<number, number>()
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
    const [[most] = [0]] = [...counts].sort(([, a], [, b]) => b - a)
    return `rgb(${most & 255} ${(most >> 8) & 255} ${(most >> 16) & 255})`
  })
}
