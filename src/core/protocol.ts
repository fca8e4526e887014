// What nodes say to one another. Every message is bound to the sessions of both ends, and may be lost,
// doubled, late and out of order: whoever needs an answer asks again.

import type { Address } from './address.ts'
import type { AddressRange } from './address-range.ts'
import type { Contest } from './lease/contest.ts'
import type { MemberIndex, Run } from './lease/register.ts'

/** The oldest and newest wire version that somebody talks. */
export interface WireRange {
  readonly min: number
  readonly max: number
}

/** What this release talks. */
export const wire: WireRange = { min: 1, max: 1 }

/** The highest version that both talk; undefined when there is none. */
export function commonVersion(a: WireRange, b: WireRange): number | undefined {
  const version = Math.min(a.max, b.max)
  return version >= Math.max(a.min, b.min) ? version : undefined
}

/** One process over one database: `opened` counts the openings of the database, `id` is chance. */
export interface Session {
  readonly opened: number
  /** 16 hexadecimal digits. */
  readonly id: string
}

export interface Speaker {
  /** 32 hexadecimal digits. */
  readonly incarnation: string
  readonly session: Session
}

export interface Envelope {
  readonly version: number
  /** 32 hexadecimal digits; empty before the first record of the registry is known. */
  readonly cluster: string
  readonly from: Speaker
  /** Absent in the messages that make a session. */
  readonly to?: Speaker
  /** How much of the registry the sender has made durable. */
  readonly registry: number
  readonly body: Body
}

/** Where a node can be reached. */
export interface Whereabouts {
  readonly incarnation: string
  readonly peer: string
  /** Multiaddresses. */
  readonly addresses: readonly string[]
}

// SESSIONS: a challenge and its answer each way, so that what a dead process said opens nothing

export interface Hello {
  readonly type: 'Hello'
  /** 16 hexadecimal digits of chance. */
  readonly nonce: string
  readonly node: string
  readonly wire: WireRange
}

/** The answer to Hello: proves that this process heard it, and challenges in turn. */
export interface Welcome {
  readonly type: 'Welcome'
  readonly answer: string
  readonly nonce: string
  readonly node: string
  readonly wire: WireRange
  readonly known: readonly Whereabouts[]
}

/** The answer to the challenge of Welcome. */
export interface Greeted {
  readonly type: 'Greeted'
  readonly answer: string
}

/** Why a message was not taken. `Superseded`: a later session of the sender is known, which proves a rollback. */
export interface Rebuff {
  readonly type: 'Rebuff'
  readonly why: 'Cluster' | 'Fenced' | 'Stranger' | 'Superseded' | 'Version'
  /** The nonce of the Hello that is answered. */
  readonly answer: string
  /** For `Superseded`: the session that is known. */
  readonly known?: Session
}

// TRANSFERS

export interface Ask {
  readonly type: 'Ask'
  readonly domain: string
  /** Rises with every new request of an incarnation to one donor in one domain, also over restarts. */
  readonly id: number
  readonly pool: string
  /** Pods that wait for an address now. */
  readonly demand: number
  /** How many addresses would be welcome in all. */
  readonly wish: number
  /** This very address, or nothing. */
  readonly exact?: Address
}

/** How a member stands with a pool. */
export interface Holding {
  readonly free: number
  readonly used: number
  readonly cooling: number
  /** Pods that wait there. */
  readonly waiting: number
}

export interface Grant {
  readonly type: 'Grant'
  readonly domain: string
  /** The donor's count of writes: names the grant. */
  readonly wctr: number
  /** The request it answers; 0 when nobody asked. */
  readonly id: number
  readonly pool: string
  readonly runs: readonly Run[]
  readonly holding: Holding
}

export type NoReason =
  'Empty' | 'Busy' | 'NotOwner' | 'InUse' | 'Draining' | 'NotServing' | 'Contested'

export interface No {
  readonly type: 'No'
  readonly domain: string
  readonly id: number
  readonly pool: string
  readonly reason: NoReason
  readonly holding: Holding
  /** Members that seem to hold free addresses, fullest first. */
  readonly referrals: readonly MemberIndex[]
  /** For an exact request: the newest register that the donor knows. */
  readonly newer?: Run
  /** For `InUse`: the attachment that has it. */
  readonly holder?: string
}

export interface Taken {
  readonly type: 'Taken'
  readonly domain: string
  /** Of the grant. */
  readonly wctr: number
}

// ANTI-ENTROPY

/** Hashes of all domains; who has the same says nothing. */
export interface Digest {
  readonly type: 'Digest'
  readonly domains: readonly { readonly domain: string; readonly hash: string }[]
}

export type Marks = readonly (readonly [writer: MemberIndex, wctr: number])[]

/** What the sender knows of one domain: the highest count of each writer without a gap. */
export interface Summary {
  readonly type: 'Summary'
  readonly domain: string
  readonly hash: string
  readonly marks: Marks
}

export interface Delta {
  readonly type: 'Delta'
  readonly domain: string
  readonly runs: readonly Run[]
  /** How far the receiver may raise its marks after it has taken all of the runs. */
  readonly raise: Marks
  readonly contests: readonly Contest[]
  /** The sender's own summary, when it wants the reverse as well. */
  readonly reverse?: { readonly hash: string; readonly marks: Marks }
}

// RECLAIM AND CONFIRMATION

/** Of an heir: promise to hear nothing more from whoever the registry removed up to `round`, and say what you know. */
export interface Collect {
  readonly type: 'Collect'
  readonly domain: string
  /** Chance of the round. */
  readonly nonce: string
  readonly round: number
}

export interface Collected {
  readonly type: 'Collected'
  readonly domain: string
  readonly nonce: string
  readonly runs: readonly Run[]
  /** Addresses of the sender's pods in the domain, also of those that ended a moment ago. */
  readonly live: readonly AddressRange[]
}

/** After a reboot: is there anything that I have forgotten? */
export interface Confirm {
  readonly type: 'Confirm'
  readonly domain: string
  readonly nonce: string
  readonly wctr: number
  readonly runs: readonly Run[]
}

export interface Confirmed {
  readonly type: 'Confirmed'
  readonly domain: string
  readonly nonce: string
  /**
   * Registers of the asked addresses with a higher key, or of one key and another content; and those that name
   * the asker as owner of what it did not ask about, when it once knew that.
   */
  readonly newer: readonly Run[]
  /** The highest count of the asker's writes that is known here. */
  readonly wctr: number
  /** Asked addresses that pods of this node have. */
  readonly live: readonly AddressRange[]
}

// GOSSIP: believed by nobody, useful to everybody

export interface Rumour {
  readonly type: 'Rumour'
  readonly n: number
  readonly addresses: readonly string[]
  readonly domains: readonly {
    readonly domain: string
    readonly hash: string
    readonly pools: readonly { readonly pool: string; readonly holding: Holding }[]
  }[]
}

export type Body =
  | Hello
  | Welcome
  | Greeted
  | Rebuff
  | Ask
  | Grant
  | No
  | Taken
  | Digest
  | Summary
  | Delta
  | Collect
  | Collected
  | Confirm
  | Confirmed
  | Rumour

/** What makes a session, and is therefore bound to none. */
export type Greeting = Hello | Welcome | Greeted | Rebuff

/** What is about one domain. */
export type DomainBody = Exclude<Body, Greeting | Digest | Rumour>

export function isGreeting(body: Body): body is Greeting {
  const { type } = body
  return type === 'Hello' || type === 'Welcome' || type === 'Greeted' || type === 'Rebuff'
}

export type BodyOf<Type extends Body['type']> = Extract<Body, { readonly type: Type }>
