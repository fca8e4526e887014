// A pool of addresses as Spiderpool's users write it, parsed once into what the allocator needs.

import type { Address, Family } from './address.ts'
import type { AddressSet } from './address-set.ts'
import type { Route } from './attachment.ts'
import type { Cidr } from './cidr.ts'

/** Who may use a pool. Validated and kept; a pool that has any of it is not chosen for anybody yet. */
export type PoolAffinity = Readonly<Record<string, unknown>>

export interface IpPool {
  readonly name: string
  readonly subnet: Cidr
  readonly family: Family
  /** What may be handed out: ips − excludeIPs − reserved − gateway − what no interface may bear. */
  readonly usable: AddressSet
  readonly gateway?: Address
  /** Beside the default route over `gateway`. */
  readonly routes: readonly Route[]
  readonly isDefault: boolean
  readonly isDisabled: boolean
  /** Absent when the pool is for everybody. */
  readonly affinity?: PoolAffinity
}
