// What a network namespace has, as the kernel tells it: plain data that passes between threads. Links are meant
// by their names, since those last longer than a link and are known before it is made. Numbers that have names
// in linux/rtnetlink.h (tables, protocols, scopes) stay numbers, as people write them in both ways.

import type { Address, Family } from '../core/address.ts'
import type { Cidr } from '../core/cidr.ts'
import type { Mac } from '../core/link/mac.ts'

/** Tables that the kernel makes itself (linux/rtnetlink.h). */
export const tables = { default: 253, main: 254, local: 255 } as const

/** Who has made a route or a rule (linux/rtnetlink.h). */
export const protocols = {
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  routerAdvertisement: 9
} as const

/** How far a destination or an address is (linux/rtnetlink.h); IPv6 routes are always `universe`. */
export const scopes = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const

/** What the kernel makes of an IPv6 route without a metric. */
export const ipv6Metric = 1024

export interface Link {
  readonly index: number
  readonly name: string
  /** `veth`, `macvlan`, `vlan`, `bond`; absent for hardware and `lo`. */
  readonly kind?: string
  /** Absent where a link has no Ethernet address, e.g. a tunnel. */
  readonly mac?: Mac
  /** In bytes. */
  readonly mtu: number
  readonly txQueueLen: number
  /** Set up by somebody; whether it works says `isRunning`. */
  readonly isUp: boolean
  readonly isRunning: boolean
  readonly isBroadcast: boolean
  readonly isMulticast: boolean
  readonly isLoopback: boolean
  readonly isNoArp: boolean
  readonly parent?: LinkParent
  /** Name of the bond or bridge that it belongs to. */
  readonly master?: string
  /** Of a `vlan`. */
  readonly vlanId?: number
  /** Of a `bond`: 0 balance-rr, 1 active-backup, 2 balance-xor, 3 broadcast, 4 802.3ad, 5 balance-tlb, 6 balance-alb. */
  readonly bondMode?: number
}

/** The link below a macvlan, ipvlan or vlan; the other end of a veth. */
export interface LinkParent {
  readonly index: number
  /** It is in another namespace, where `index` counts. */
  readonly isElsewhere: boolean
}

export interface LinkAddress {
  readonly link: string
  readonly address: Address
  /** In bits of the address's family. */
  readonly prefix: number
  /** Of a link with two ends: the other one's address. */
  readonly peer?: Address
  /** IPv4 only. */
  readonly broadcast?: Address
  /** IPv4 only; absent when it is the link's own name. */
  readonly label?: string
  readonly scope: number
  /** Without an end to its life: set by somebody and not learned. */
  readonly isPermanent: boolean
  /** Detection of duplicates goes on: it cannot be used yet. */
  readonly isTentative: boolean
  readonly isDadFailed: boolean
  readonly isDeprecated: boolean
  /** IPv6 only: no detection of duplicates, the address can be used at once. */
  readonly isNoDad: boolean
  /** It comes without the route to its subnet. */
  readonly isNoPrefixRoute: boolean
}

export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'anycast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw'

/** One way of a route; most routes have one, those that refuse have none, multipath routes have several. */
export interface NextHop {
  readonly link?: string
  /** Of the destination's family, or IPv6 for an IPv4 destination (RTA_VIA). Absent: the link itself. */
  readonly gateway?: Address
  /** The gateway is on the link, whatever the addresses there say. */
  readonly isOnLink: boolean
  /** From 1. */
  readonly weight: number
}

/** RTAX_* of linux/rtnetlink.h, by the names of ip-route(8). */
export type RouteMetrics = Readonly<Partial<Record<MetricName, number>>>

export type MetricName =
  | ('lock' | 'mtu' | 'window' | 'rtt' | 'rttvar' | 'ssthresh' | 'cwnd' | 'advmss' | 'reordering')
  | ('hoplimit' | 'initcwnd' | 'features' | 'rto_min' | 'initrwnd' | 'quickack')

export interface Route {
  readonly table: number
  /** Its family is that of the route. */
  readonly destination: Cidr
  /** The smaller one wins. In IPv6 never 0, see `ipv6Metric`. */
  readonly metric: number
  readonly type: RouteType
  readonly protocol: number
  readonly scope: number
  readonly tos: number
  /** The address that packets leave with when nobody has chosen one (`src`). */
  readonly source?: Address
  readonly hops: readonly NextHop[]
  readonly metrics: RouteMetrics
  /** RFC 4191, IPv6 only: 0 medium, 1 high, 3 low. */
  readonly preference?: number
  /** It has an end, as what routers advertise. */
  readonly isExpiring: boolean
  /** There is more to it than is told here (encapsulation, next-hop objects): it cannot be made again from this. */
  readonly isPartial: boolean
}

export type RuleAction = 'lookup' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit'

export interface Rule {
  readonly family: Family
  /** The smaller one is asked first. */
  readonly priority: number
  readonly action: RuleAction
  /** 0 where the action is not `lookup`. */
  readonly table: number
  readonly protocol: number
  readonly from?: Cidr
  readonly to?: Cidr
  /** The packet's mark, of which only the bits of `mask` count. */
  readonly mark?: { readonly value: number; readonly mask: number }
  /** There are conditions that are not told here: it is nobody's of this program. */
  readonly isPartial: boolean
}

export type NeighbourState =
  'none' | 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed' | 'permanent'

/** But for groups and the loopback. */
export interface Neighbour {
  readonly link: string
  readonly address: Address
  readonly mac?: Mac
  readonly state: NeighbourState
}

/** What marks the packets of flows that come in by one link. */
export interface MarkTable {
  readonly link: string
  readonly mark: number
}

/** The mark table as it is, compared with the one that was asked for. */
export type MarkState =
  | { readonly type: 'Absent' }
  | { readonly type: 'Intact' }
  /** A sentence for a person. */
  | { readonly type: 'Damaged'; readonly detail: string }

/** Every list is empty where nobody looked (`Look`). */
export interface NamespaceView {
  readonly links: readonly Link[]
  readonly addresses: readonly LinkAddress[]
  readonly routes: readonly Route[]
  readonly rules: readonly Rule[]
  readonly neighbours: readonly Neighbour[]
  /** By the keys that were asked for; a key that the kernel does not have is missing. */
  readonly sysctls: ReadonlyMap<string, string>
  readonly marks?: MarkState
  /** One for each destination that was asked about, in their order; undefined: no way leads there. */
  readonly ways: readonly (Route | undefined)[]
}

/** A view of somebody who has not looked. */
export const unseen: NamespaceView = {
  ...{ links: [], addresses: [], routes: [], rules: [], neighbours: [] },
  ...{ sysctls: new Map(), ways: [] }
}
