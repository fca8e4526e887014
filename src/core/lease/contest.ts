// Two registers of one key and different content: proof of a rollback, a clone or a mistake. The address
// stays out of use until a person decides; nothing else is affected.

import type { Address } from '../address.ts'
import type { Register } from './register.ts'

export interface Contest {
  readonly address: Address
  /** The two claims, the one that merging prefers first. */
  readonly claims: readonly [Register, Register]
}
