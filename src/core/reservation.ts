// What comes of asking an address book for an address.

import type { Address } from './address.ts'
import type { Cooling } from './cooldown.ts'
import type { IpPool } from './ip-pool.ts'

export type Reservation =
  | { readonly type: 'Reserved'; readonly address: Address; readonly pool: IpPool }
  /** `readyInMs` is there when a cooling address would do after that time, `suspects` what delays it. */
  | {
      readonly type: 'Exhausted'
      readonly readyInMs?: number
      readonly suspects: readonly Cooling[]
    }
  /** `isKept`: for the holder, whether it has the address now or not. */
  | { readonly type: 'Taken'; readonly holder: string; readonly isKept?: true }
  /** In the pool, but its custody is another node's. */
  | { readonly type: 'Elsewhere' }
  | { readonly type: 'Outside' }
