// What is sent of an address space to whoever draws it: the shape of GET /v1/map.

import type { AddressState } from './occupancy.ts'

/** Which label, by its place among the labels, and how many addresses of the cell have it. */
export type Share = readonly [label: number, addresses: number | string]

export interface LabelView {
  readonly state: AddressState
  /** Whose, by the name of the node, where the addresses are somebody's. */
  readonly node?: string
  /** How many addresses of the window are so; as text where a number is too small for it. */
  readonly addresses: number | string
}

export interface MapView {
  readonly subnet: string
  /** First and last address of the window. */
  readonly from: string
  readonly to: string
  /** How many addresses a cell has: a power of two. */
  readonly cell: number | string
  readonly labels: readonly LabelView[]
  /**
   * So many cells in a row that are alike: the place of the label that all of their addresses have, or how many
   * have which.
   */
  readonly runs: readonly (readonly [cells: number, label: number | readonly Share[]])[]
}
