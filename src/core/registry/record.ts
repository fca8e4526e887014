// The records of the registry: the few decisions that custody cannot take alone. A record is a line of JSON;
// its bytes are what is hashed, so fields that this release does not know stay as they are.

import type { MemberIndex } from '../lease/register.ts'
import type { WireRange } from '../protocol.ts'

/** Why an incarnation will never serve again. */
export type Assertion = 'SELF' | 'OPERATOR' | 'NODE_DELETED' | 'OUT_OF_SERVICE' | 'CLOUD_TERMINATED'

export interface Joining {
  /** 32 hexadecimal digits: the life of one database. */
  readonly incarnation: string
  readonly node: string
  /** Its libp2p peer id. */
  readonly peer: string
  /** Empty when the machine has none. */
  readonly machine: string
  readonly wire: WireRange
}

interface Signed {
  /** The node that asked for the record. */
  readonly author: string
  /** Milliseconds since 1970, for people. */
  readonly atMs: number
}

/** The first record: the cluster and its name, 32 hexadecimal digits. */
export interface Genesis extends Signed {
  readonly type: 'Genesis'
  readonly cluster: string
}

export interface Join extends Signed {
  readonly type: 'Join'
  readonly members: readonly Joining[]
}

/** The first one of an incarnation wins; its index is the fence. */
export interface Remove extends Signed {
  readonly type: 'Remove'
  readonly incarnation: string
  /** The incarnation that takes over its addresses; joined, and not removed. */
  readonly heir: string
  readonly assertion: Assertion
  /** Who vouches for it, and how it is known. */
  readonly evidence: string
}

/** A range of a domain (a subnet in CIDR notation) comes under custody, in equal parts in this order. */
export interface RangeAdd extends Signed {
  readonly type: 'RangeAdd'
  readonly domain: string
  /** First and last address, as text. */
  readonly first: string
  readonly last: string
  /** Incarnations. */
  readonly holders: readonly string[]
}

/** Nothing of this range is used anew; what is out stays out until its release. */
export interface RangeDrain extends Signed {
  readonly type: 'RangeDrain'
  readonly domain: string
  readonly first: string
  readonly last: string
}

/** The drain is called off; what was retired by then stays so. */
export interface RangeKeep extends Signed {
  readonly type: 'RangeKeep'
  readonly domain: string
  readonly first: string
  readonly last: string
}

/** Ends a contested state: from now on this incarnation owns the address. */
export interface Resolve extends Signed {
  readonly type: 'Resolve'
  readonly domain: string
  readonly address: string
  readonly owner: string
}

/** A member runs another release than when it joined, which talks these versions. */
export interface Talk extends Signed {
  readonly type: 'Talk'
  readonly incarnation: string
  readonly wire: WireRange
}

/** Nobody talks an older wire version any more. */
export interface MinWire extends Signed {
  readonly type: 'MinWire'
  readonly version: number
}

export type RegistryRecord =
  Genesis | Join | Remove | RangeAdd | RangeDrain | RangeKeep | Resolve | Talk | MinWire

/** A record of a kind that a later release brought: it takes its place in the log and changes nothing here. */
export interface Foreign {
  readonly type: 'Foreign'
}

/** Without author and time, which the registry client adds. */
export type Proposal = RegistryRecord extends infer R
  ? R extends RegistryRecord
    ? Omit<R, 'author' | 'atMs'>
    : never
  : never

/** A member that was removed, and at which record. */
export interface Removal {
  readonly fence: number
  readonly heir: MemberIndex
  readonly assertion: Assertion
  readonly evidence: string
}
