// Fills pixels from cells: one pass over the rows that changed, without a call per cell, so that 65,536 of them take
// a few milliseconds.

import type { Geometry } from './geometry.ts'
import type { Mix, Space, State } from './space.ts'
import type { Tile } from './tiles.ts'

/** A part that nobody may overlook gets a line of its own however small it is, from the bottom of a cell up. */
const fromBottom: readonly State[] = [
  'contested',
  'quarantined',
  'used',
  'cooling',
  'kept',
  'held',
  'free',
  'unclaimed',
  'retired',
  'reserved',
  'outside'
]

/** Of each mix the label of every line of a cell, `height` of them. */
export function linesOf(space: Space, height: number): Uint16Array {
  const lines = new Uint16Array(space.mixes.length * height)
  for (const [place, mix] of space.mixes.entries()) {
    lines.set(linesOfMix(mix, height, space), place * height)
  }
  return lines
}

function linesOfMix(mix: Mix, height: number, space: Space): Uint16Array {
  const lines = new Uint16Array(height)
  const rank = (label: number) => fromBottom.indexOf(space.labelOf(label).state)
  const sorted = [...mix].sort((a, b) => rank(a.label) - rank(b.label))
  if (height < sorted.length * 2) return lines.fill(leading(mix, rank))
  let y = height
  let sum = 0n
  for (const [i, { label, addresses }] of sorted.entries()) {
    sum += addresses
    const isLast = i === sorted.length - 1
    const top = isLast ? 0 : height - Math.round((Number(sum) / Number(space.cell)) * height)
    // Everybody behind needs a line too.
    const next = Math.max(sorted.length - 1 - i, Math.min(top, y - 1))
    lines.fill(label, next, y)
    y = next
  }
  return lines
}

/** Where there is room for one only: what is urgent, else what is most. */
function leading(mix: Mix, rank: (label: number) => number): number {
  const urgent = mix.find(({ label }) => rank(label) < 2)
  const most = mix.reduce(
    (a, b) => (b.addresses > a.addresses ? b : a),
    mix[0] ?? { label: 0, addresses: 0n }
  )
  return (urgent ?? most).label
}

export interface Paint {
  readonly tiles: readonly Tile[]
  /** Between cells, and where there are none. */
  readonly ground: number
}

/** Paint the lines of pixels of these rows of cells into `pixels`, which begin with the first of them. */
export function paintRows(
  pixels: Uint32Array,
  width: number,
  [firstRow, endRow]: readonly [number, number],
  space: Space,
  geometry: Geometry,
  { tiles, ground }: Paint
): void {
  const { columns, cellWidth, cellHeight, gap } = geometry
  const lines = linesOf(space, cellHeight - gap)
  const height = cellHeight - gap
  const inner = cellWidth - gap
  pixels.fill(ground)
  for (let row = firstRow; row < endRow; row += 1) {
    for (let line = 0; line < height; line += 1) {
      const y = row * cellHeight + line
      const at = ((row - firstRow) * cellHeight + line) * width
      for (let column = 0; column < columns; column += 1) {
        const cell = row * columns + column
        if (cell >= space.count) break
        const label = lines[(space.cells[cell] ?? 0) * height + line] ?? 0
        const tile = tiles[label]
        if (tile === undefined) continue
        const { size, pixels: pattern } = tile
        const patternRow = (y & (size - 1)) * size
        const left = column * cellWidth
        for (let x = left; x < left + inner; x += 1) {
          pixels[at + x] = pattern[patternRow + (x & (size - 1))] ?? ground
        }
      }
    }
  }
}
