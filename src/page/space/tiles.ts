// How each label looks: a small tile of pixels that repeats over all of its cells. States differ by pattern as well
// as by colour and lightness, so that nobody needs to tell hues apart; nodes differ by hue, pattern and name.

import type { Label, State } from './space.ts'

export interface Tile {
  /** A power of two. */
  readonly size: number
  /** `size` × `size` pixels, as ImageData has them. */
  readonly pixels: Uint32Array
}

/** Which of 8 × 8 points are drawn in the second colour. */
type Pattern = (x: number, y: number) => boolean

const plain: Pattern = () => false
const diagonal: Pattern = (x, y) => (x + y) % 4 === 0
const lattice: Pattern = (x, y) => (x + y) % 8 < 2 || (x - y + 8) % 8 < 2
const checker: Pattern = (x, y) => x < 4 !== y < 4
const dots: Pattern = (x, y) => x % 4 < 2 && y % 4 < 2 && x < 4 === y < 4
const sparse: Pattern = (x, y) => x === 1 && y === 1
const lines: Pattern = (_x, y) => y % 4 === 0

/** Of the nodes that are not this one, in their order. */
const nodePatterns: readonly Pattern[] = [
  (x, y) => x % 8 === 0 && y % 2 === 0,
  (_x, y) => y % 8 === 0,
  (x, y) => (x - y + 8) % 8 === 0,
  (x, y) => x % 4 === 2 && y % 4 === 2,
  (x, y) => x % 8 === 0 || y % 8 === 0,
  (x, y) => (x + y) % 8 === 0
]

/** Colours come from the style sheet, where light and dark have their own. */
export interface Palette {
  colour(name: string): number
  readonly nodeColours: number
}

const looks: Readonly<Record<State, readonly [base: string, ink: string, pattern: Pattern]>> = {
  free: ['free', 'free', plain],
  used: ['used', 'used', plain],
  cooling: ['free', 'cooling', diagonal],
  kept: ['free', 'used', dots],
  quarantined: ['quarantine', 'quarantine-ink', lattice],
  contested: ['contest', 'contest-ink', checker],
  held: ['node-0', 'node-0-ink', plain],
  retired: ['retired', 'retired-ink', lines],
  reserved: ['reserved', 'reserved-ink', diagonal],
  outside: ['outside', 'reserved-ink', sparse],
  unclaimed: ['outside', 'outside', plain]
}

/** `turn`: which of the other nodes it is, for what is theirs. */
export function tileOf({ state }: Label, turn: number, palette: Palette, ratio: number): Tile {
  const scale = ratio >= 1.5 ? 2 : 1
  const size = 8 * scale
  const pixels = new Uint32Array(size * size)
  const isTheirs = state === 'held' || (state === 'kept' && turn >= 0)
  const hue = `node-${((turn % palette.nodeColours) + palette.nodeColours) % palette.nodeColours}`
  const [baseName, inkName, stateless] = looks[state]
  const base = palette.colour(isTheirs ? hue : baseName)
  const ink = palette.colour(isTheirs ? `${hue}-ink` : inkName)
  const theirs = nodePatterns[Math.max(0, turn) % nodePatterns.length] ?? plain
  const pattern = state === 'held' ? theirs : stateless
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      pixels[y * size + x] = pattern(Math.floor(x / scale), Math.floor(y / scale)) ? ink : base
    }
  }
  return { size, pixels }
}

/** The tile as it looks when something else is meant. */
export function faded({ size, pixels }: Tile, ground: number): Tile {
  return { size, pixels: pixels.map(pixel => blend(pixel, ground)) }
}

/** A fifth of the first, the rest of the second. */
function blend(a: number, b: number): number {
  let mixed = 0xff000000
  for (const shift of [0, 8, 16]) {
    const value = ((a >>> shift) & 255) * 0.2 + ((b >>> shift) & 255) * 0.8
    mixed |= Math.round(value) << shift
  }
  return mixed >>> 0
}
