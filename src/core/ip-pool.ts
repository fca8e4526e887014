// A pool of addresses as Spiderpool's users write it, parsed once into what the allocator needs.

import type { Address, Family } from './address.ts'
import { AddressSet } from './address-set.ts'
import type { Route } from './attachment.ts'
import { type Cidr, unassignable } from './cidr.ts'
import type { DetectionWish } from './detection.ts'
import type { LabelSelector } from './label-selector.ts'

const subnetPrefix = 'subnet/'

/**
 * Who may use a pool. Lists are never empty and selectors never select everything: such a one is as good as absent.
 */
export type PoolAffinity = {
  readonly podAffinity?: LabelSelector
  readonly namespaceAffinity?: LabelSelector
  readonly namespaceName?: readonly string[]
  readonly nodeAffinity?: LabelSelector
  readonly nodeName?: readonly string[]
  readonly multusName?: readonly string[]
}

export interface IpPool {
  readonly name: string
  readonly subnet: Cidr
  readonly family: Family
  /**
   * What may be handed out: ips − excludeIPs − reserved − what no interface may bear. Never holds
   * the gateway. May be empty.
   */
  readonly usable: AddressSet
  readonly gateway?: Address
  /** Beside the default route over `gateway`. */
  readonly routes: readonly Route[]
  readonly isDefault: boolean
  readonly isDisabled: boolean
  /** What a SpiderSubnet has beside the pools in it: for applications that reserve addresses of it, for nobody else. */
  readonly isSubnet?: true
  /** What is looked for on the link before an address is given, where it is not as in the cluster. */
  readonly detection?: DetectionWish
  /** Absent when the pool is for everybody. */
  readonly affinity?: PoolAffinity
}

/** What one document says of a pool, before reserved addresses come in. */
export interface PoolSpec extends Omit<IpPool, 'usable'> {
  /** ips − excludeIPs: what the pool owns and no other pool may have. */
  readonly owned: AddressSet
  /** It has no `routes`, not even an empty list: those of a SpiderSubnet hold. */
  readonly inheritsRoutes?: true
}

/** Under which name a SpiderSubnet stands among the pools; no pool can have it. */
export function subnetPoolName(subnet: string): string {
  return `${subnetPrefix}${subnet}`
}

/** The SpiderSubnet's own name; undefined for that of a pool. */
export function subnetOfPoolName(pool: string): string | undefined {
  return pool.startsWith(subnetPrefix) ? pool.slice(subnetPrefix.length) : undefined
}

export function poolOf({ owned, ...rest }: PoolSpec, reserved: AddressSet): IpPool {
  const unusable = reserved.union(AddressSet.of(unassignable(rest.subnet)))
  return { ...rest, usable: owned.subtract(unusable) }
}
