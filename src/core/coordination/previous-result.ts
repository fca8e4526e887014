// What the plugins before the coordinator in a list have done, as far as it concerns the coordinator
// (CNI 1.1.0, "Section 5: Result Types").

import type { Address } from '../address.ts'
import type { Cidr } from '../cidr.ts'

export interface PreviousResult {
  readonly addresses: readonly ResultAddress[]
  readonly routes: readonly ResultRoute[]
}

export interface ResultAddress {
  readonly address: Address
  readonly prefix: number
  readonly gateway?: Address
}

/** `priority`, `mtu` and `advmss` of 0 are as absent; a `table` of 0 is the main one. */
export interface ResultRoute {
  readonly destination: Cidr
  /** Absent: that of the address of its family, if there is one. */
  readonly gateway?: Address
  readonly mtu?: number
  readonly advmss?: number
  readonly priority?: number
  readonly table?: number
  readonly scope?: number
}
