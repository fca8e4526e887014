// What is shown of a subnet: a window of cells, each of one address or of a block. Answers of /v1/map are laid into
// it, of all of the window at first and of what changed afterwards.

import { type Address, parseAddress } from '../../core/address.ts'
import { parseCidr } from '../../core/cidr.ts'
import type { LabelView, MapView } from '../../core/map/map-view.ts'

export type State = LabelView['state']

export interface Label {
  readonly state: State
  readonly node: string
}

/** What a cell is: all of one label, or so many of each. */
export type Mix = readonly { readonly label: number; readonly addresses: bigint }[]

export interface Window {
  readonly subnet: string
  readonly start: Address
  /** One past the last address. */
  readonly end: bigint
}

/** The most cells that are drawn as one address each, and the blocks that a larger window is drawn in. */
export const singlesMax = 65_536
export const blocksMax = 4_096

export class Space {
  readonly window: Window
  readonly cell: bigint
  readonly count: number
  /** Grows, so that the place of a label stays. */
  readonly labels: Label[] = []
  readonly mixes: Mix[] = []
  /** Of each cell the place of its mix. */
  readonly cells: Uint16Array
  readonly #places = new Map<string, number>()
  readonly #mixPlaces = new Map<string, number>()

  constructor(window: Window, view: MapView) {
    this.window = window
    this.cell = BigInt(view.cell)
    this.count = Number((window.end - window.start) / this.cell)
    this.cells = new Uint16Array(this.count)
    this.lay(view)
  }

  get isSingle(): boolean {
    return this.cell === 1n
  }

  /** Returns the first cell and one past the last that the answer was about. */
  lay(view: MapView): readonly [first: number, end: number] {
    const places = view.labels.map(({ state, node = '' }) => this.#labelPlace({ state, node }))
    const first = Number((numberOf(view.from) - this.window.start) / this.cell)
    let at = first
    for (const [cells, what] of view.runs) {
      const shares = typeof what === 'number' ? [[what, this.cell] as const] : what
      const mix = shares.map(([label, addresses]) => {
        return { label: places[label] ?? 0, addresses: BigInt(addresses) }
      })
      this.cells.fill(this.#mixPlace(mix), at, Math.min(at + cells, this.count))
      at += cells
    }
    return [first, Math.min(at, this.count)]
  }

  mixAt(cell: number): Mix {
    return this.mixes[this.cells[cell] ?? 0] ?? []
  }

  labelOf(place: number): Label {
    return this.labels[place] ?? { state: 'outside', node: '' }
  }

  addressAt(cell: number): Address {
    return (this.window.start + BigInt(cell) * this.cell) as Address
  }

  /** Undefined when the window does not have it. */
  cellOf(address: bigint): number | undefined {
    const { start, end } = this.window
    return address < start || address >= end ? undefined : Number((address - start) / this.cell)
  }

  /** How many addresses of the window have each label. */
  totals(): bigint[] {
    const cellsOf = new Uint32Array(this.mixes.length)
    for (const mix of this.cells) cellsOf[mix] = (cellsOf[mix] ?? 0) + 1
    const sums = this.labels.map(() => 0n)
    for (const [place, mix] of this.mixes.entries()) {
      const cells = BigInt(cellsOf[place] ?? 0)
      for (const { label, addresses } of mix) sums[label] = (sums[label] ?? 0n) + addresses * cells
    }
    return sums
  }

  #labelPlace(label: Label): number {
    return placeOf(`${label.state} ${label.node}`, label, this.#places, this.labels)
  }

  #mixPlace(mix: Mix): number {
    const key = mix.map(({ label, addresses }) => `${label} ${addresses}`).join()
    return placeOf(key, mix, this.#mixPlaces, this.mixes)
  }
}

function placeOf<T>(key: string, value: T, places: Map<string, number>, values: T[]): number {
  const known = places.get(key)
  if (known !== undefined) return known
  places.set(key, values.length)
  return values.push(value) - 1
}

export function numberOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

/** All of a subnet. */
export function windowOf(subnet: string): Window {
  const cidr = parseCidr(subnet)
  if ('problem' in cidr) throw new Error(cidr.problem)
  return { subnet, start: cidr.range.start, end: cidr.range.end }
}

/** The aligned part of a window that a look closer at this address shows; undefined when there is nothing closer. */
export function closer(window: Window, address: Address): Window | undefined {
  const size = window.end - window.start
  const cell = cellFor(size)
  const next = cell > 1n ? larger(cell, 256n) : larger(size / 16n, 256n)
  if (next >= size) return undefined
  const start = address - ((address - window.start) % next)
  return { subnet: window.subnet, start: start as Address, end: start + next }
}

/** How many addresses a cell of a window of this size has. */
export function cellFor(size: bigint): bigint {
  if (size <= BigInt(singlesMax)) return 1n
  let cell = 1n
  while (size > cell * BigInt(blocksMax)) cell *= 2n
  return cell
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
