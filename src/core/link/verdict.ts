// What probing comes to, for each address that was asked about.

import type { Address } from '../address.ts'
import type { Mac } from './mac.ts'
import type { SightingKind } from './sighting.ts'

export interface ProbeTarget {
  readonly address: Address
  /** Look whether somebody has the address already. */
  readonly conflict: boolean
  /** Look whether this gateway, of the same family, is there; absent: do not look. */
  readonly gateway?: Address
}

/** `Undecided`: the budget ended first. */
export type ConflictVerdict =
  | { readonly type: 'Free' }
  /** Somebody with this hardware address has it, or (`Probe`) is about to take it. */
  | { readonly type: 'Conflict'; readonly mac: Mac; readonly how: SightingKind }
  | { readonly type: 'Undecided' }

export type GatewayVerdict =
  | { readonly type: 'Reachable'; readonly mac: Mac }
  | { readonly type: 'Unreachable' }
  | { readonly type: 'Undecided' }

export interface AddressVerdict {
  readonly address: Address
  /**
   * Absent when it was not asked for and nothing spoke against the address. A `Conflict` may be here without
   * having been asked for: the address had to be proven before the gateway could be asked in its name.
   */
  readonly conflict?: ConflictVerdict
  /** Absent when it was not asked for, and after a conflict: who asked has to take another address first. */
  readonly gateway?: GatewayVerdict
}
