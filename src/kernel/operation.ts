// What can be changed in a namespace. `Put` brings about exactly what it says, whatever was there under the same
// key, and `Delete` is content when nothing is there; so each may be repeated. Only links are made with `Add`, which
// fails when the name is taken.

import type { BondOptions } from '../core/coordination/bond-options.ts'
import type { Mac } from '../core/link/mac.ts'
import type { LinkAddress, MarkTable, Neighbour, Route, Rule } from './view.ts'

/** `Host`: where the daemon lives. `Pod`: the namespace that the order names. */
export type Place = 'Host' | 'Pod'

export interface NewLink {
  readonly name: string
  /** Given, so that nobody (systemd-udevd) takes it for one that may be changed; absent: the kernel chooses. */
  readonly mac?: Mac
  readonly mtu?: number
  readonly txQueueLen?: number
  /** Absent: it begins down. */
  readonly isUp?: boolean
  /** In each direction; absent: the kernel's choice, for a veth one for each processor. */
  readonly queues?: number
}

/** What is not named stays. */
export interface LinkChange {
  readonly isUp?: boolean
  readonly mac?: Mac
  readonly mtu?: number
  readonly txQueueLen?: number
  readonly name?: string
  /** Name of a bond or bridge; null: it leaves the one it is in. */
  readonly master?: string | null
}

/** Of an address, what somebody can choose. */
export type PutAddress = Pick<LinkAddress, 'link' | 'address' | 'prefix'> &
  Partial<
    Pick<LinkAddress, 'peer' | 'broadcast' | 'label' | 'scope' | 'isNoDad' | 'isNoPrefixRoute'>
  >

/** Of a neighbour, what somebody can choose: it is permanent. */
export type PutNeighbour = Required<Pick<Neighbour, 'link' | 'address' | 'mac'>>

export type Operation = { readonly at: Place } &
  /** MTU and number of queues hold for both ends. */
  (
    | {
        readonly type: 'AddVeth'
        readonly link: NewLink
        readonly peer: Omit<NewLink, 'mtu' | 'queues'> & { readonly at: Place }
      }
    | {
        readonly type: 'AddVlan'
        readonly link: NewLink
        readonly parent: string
        readonly id: number
      }
    /** `mode` as in `Link.bondMode`. */
    | {
        readonly type: 'AddBond'
        readonly link: NewLink
        readonly mode: number
        readonly options: BondOptions
      }
    | { readonly type: 'DeleteLink'; readonly name: string }
    | { readonly type: 'SetLink'; readonly name: string; readonly change: LinkChange }
    /** The key is link, address and prefix. */
    | { readonly type: 'PutAddress'; readonly address: PutAddress }
    | {
        readonly type: 'DeleteAddress'
        readonly address: Pick<LinkAddress, 'link' | 'address' | 'prefix'>
      }
    /** The key is table, destination, tos and metric: another route under it is replaced. */
    | { readonly type: 'PutRoute'; readonly route: Route }
    | { readonly type: 'DeleteRoute'; readonly route: Route }
    /** All of a rule is its key: others of its priority stay. */
    | { readonly type: 'PutRule'; readonly rule: Rule }
    | { readonly type: 'DeleteRule'; readonly rule: Rule }
    /** The key is link and address. */
    | { readonly type: 'PutNeighbour'; readonly neighbour: PutNeighbour }
    | { readonly type: 'DeleteNeighbour'; readonly neighbour: Pick<Neighbour, 'link' | 'address'> }
    /** `net/ipv4/conf/all/rp_filter`, below /proc/sys and within `net/`. */
    | { readonly type: 'SetSysctl'; readonly key: string; readonly value: string }
    | { readonly type: 'PutMarks'; readonly marks: MarkTable }
    | { readonly type: 'DeleteMarks' }
  )
