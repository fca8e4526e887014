// Released addresses rest before they are used again: peers still have them in their neighbour tables, and
// their old interfaces may still be there.

import type { Address } from './address.ts'
import type { Sandbox } from './sandbox.ts'

export interface CooldownPolicy {
  /** How long a released address stays unused. */
  readonly normalMs: number
  /**
   * The least of it, when the pool has nothing else. Main plugins release an address before they
   * delete its link, so it may go lower only when the old namespace is verified gone.
   */
  readonly scarceMs: number
}

export interface Cooling {
  readonly address: Address
  /** The pool it was taken from. */
  readonly pool: string
  readonly since: number
  /** Whom to look at before it is used early; absent when that is not known any more. */
  readonly sandbox?: Sandbox
}
