// What the records of the registry come to: who is a member, who was removed and who inherits, which ranges
// are under custody. A pure fold, so that everybody who has read as far sees the same.

import type { AddressRange } from '../address-range.ts'
import type { MemberIndex, Run } from '../lease/register.ts'
import type { Joining, RegistryRecord, Removal } from './record.ts'

export interface Member extends Joining {
  readonly index: MemberIndex
  /** The index of its Join record. */
  readonly since: number
  readonly removed?: Removal
}

export interface DomainView {
  /** What follows from the registry alone: genesis rules and resolutions, in the order of records. */
  readonly decided: readonly Run[]
  /** Ranges that are given up as soon as nobody uses them. */
  readonly draining: readonly AddressRange[]
}

export interface ClusterView {
  /** How many records it comes from. */
  readonly index: number
  /** 64 hexadecimal digits: the chained hash of them. */
  readonly hash: string
  /** Undefined before Genesis. */
  readonly cluster: string | undefined
  /** By their running number, from 1. */
  readonly members: ReadonlyMap<MemberIndex, Member>
  readonly byIncarnation: ReadonlyMap<string, Member>
  readonly byPeer: ReadonlyMap<string, Member>
  readonly domains: ReadonlyMap<string, DomainView>
  readonly minWire: number
}

export declare const emptyView: ClusterView

/** The view after one more record, or why the registry must not take it. */
export declare function advance(
  view: ClusterView,
  bytes: Uint8Array
): ClusterView | { readonly refused: string }

/** Who answers for a member's addresses: itself, or the last of its heirs. */
export declare function resolve(view: ClusterView, member: MemberIndex): Member | undefined

/** Members that are not removed, in the order of their numbers. */
export declare function living(view: ClusterView): Member[]

export declare function parseRecord(bytes: Uint8Array): RegistryRecord | { readonly problem: string }
