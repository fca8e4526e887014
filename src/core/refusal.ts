// An expected "no" is an answer, not an exception. What a person reads is made of it at the border.

import type { Address } from './address.ts'
import type { Route } from './attachment.ts'
import type { Cidr } from './cidr.ts'

/** How full a pool is; counts of a /64 do not fit a JavaScript number. */
export interface PoolUsage {
  readonly pool: string
  readonly total: bigint
  readonly used: bigint
  readonly cooling: bigint
  readonly free: bigint
}

export type Refusal =
  /** Every pool that may serve the request is used up, and waiting would not help. */
  | { readonly reason: 'PoolExhausted'; readonly pools: readonly PoolUsage[] }
  /** What can be reached has no free address; these members could not be asked. */
  | {
      readonly reason: 'PoolUnreachable'
      readonly pools: readonly PoolUsage[]
      readonly silent: readonly { readonly node: string; readonly owned: number }[]
    }
  /** The pod's application has no more addresses of its SpiderSubnet, and all of them are in use. */
  | { readonly reason: 'ReservationFull'; readonly name: string; readonly size: number }
  /** Other nodes are being asked, and the time for this ADD is up. */
  | { readonly reason: 'AddressesPending'; readonly pools: readonly PoolUsage[] }
  /** Custody of the requested address is at a node that does not answer. */
  | { readonly reason: 'AddressHeld'; readonly address: Address; readonly node: string }
  /** This node hands out nothing now. */
  | { readonly reason: 'NotServing'; readonly why: string }
  /** Only addresses that were released a moment ago are left; the next one is usable in `readyInMs`. */
  | {
      readonly reason: 'AddressesCooling'
      readonly pools: readonly PoolUsage[]
      readonly readyInMs: number
    }
  | {
      readonly reason: 'AddressTaken'
      readonly address: Address
      readonly holder: string
      /** It is kept for the pod: an earlier sandbox has not let it go, or the machine that is to move here has it. */
      readonly earlier?: 'Ending' | 'Moving'
      /** It is kept for the holder, whether that has it now or not. */
      readonly isKept?: true
    }
  /** Asked for by name; the network, broadcast, anycast and gateway addresses are outside as well. */
  | {
      readonly reason: 'AddressOutsidePools'
      readonly address: Address
      readonly pools: readonly string[]
    }
  /** A host that is no pod of this cluster has the address that was asked for, or every one that was tried. */
  | {
      readonly reason: 'AddressConflict'
      readonly addresses: readonly { readonly address: Address; readonly mac: string }[]
    }
  | {
      readonly reason: 'GatewayUnreachable'
      readonly address: Address
      readonly gateway: Address
    }
  | { readonly reason: 'PoolUnknown'; readonly pool: string; readonly known: readonly string[] }
  /** Pools are there, but none of them may be used for this request; one reason for each. */
  | { readonly reason: 'NoPoolFits'; readonly why: readonly string[] }
  /** Annotations of the pod or its namespace that say nothing usable; a sentence each that begins with the key. */
  | { readonly reason: 'AnnotationInvalid'; readonly problems: readonly string[] }
  /** The next hop of a route that the pod asks for is in no subnet of its interfaces. */
  | {
      readonly reason: 'RouteUnfit'
      readonly routes: readonly Required<Route>[]
      readonly subnets: readonly (Cidr & { readonly ifname: string })[]
    }
  /** The key has an attachment that was made for another demand. */
  | { readonly reason: 'DemandChanged'; readonly had: string; readonly wants: string }
  /** A DEL of the same key came after this ADD began. */
  | { readonly reason: 'Deleted' }
  /** The ADD began so long ago that a DEL after it may have been forgotten. */
  | { readonly reason: 'TooOld' }
  /** More requests wait than this node takes on. */
  | { readonly reason: 'Overloaded' }
  | { readonly reason: 'StoreFull'; readonly detail: string }
  | { readonly reason: 'StoreFailed'; readonly detail: string }
