// What a node must never forget about custody, beside its attachments: written in the same transactions.

import type { Address } from '../core/address.ts'
import type { Contest } from '../core/lease/contest.ts'
import type { OpenGrant } from '../core/lease/open-grant.ts'
import type { MemberIndex, Run } from '../core/lease/register.ts'
import type { Marks, Session } from '../core/protocol.ts'

/** Who lives in this database. */
export interface Identity {
  /** 32 hexadecimal digits; another one after `Reincarnate`. */
  readonly incarnation: string
  /** The seed of its Ed25519 key, 64 hexadecimal digits. */
  readonly key: string
  /** How often the database has been opened, this time included, whoever lived in it. */
  readonly opened: number
  /**
   * The boot on which what is here was last known to be the newest there is: the one on which the database
   * got its first incarnation, then the last one of `ConfirmBoot`.
   */
  readonly boot: string
  /** People want this node to give away what it has; whoever lives in the database. */
  readonly isDraining: boolean
}

export type LeaseChange =
  /**
   * Replace these runs of a domain, named by their first addresses, by those. To remove what is not there, or
   * to add a second run of one first address, is a mistake; whether runs overlap is not looked at.
   */
  | {
      readonly type: 'PutRuns'
      readonly domain: string
      readonly removed: readonly Address[]
      readonly added: readonly Run[]
    }
  /** Up to which count of these writers everything is known; also the own count. */
  | { readonly type: 'PutMarks'; readonly domain: string; readonly marks: Marks }
  /** A new grant; one of this count that is there already is a mistake. */
  /** The highest counts of these writers that were ever taken, with gaps before them perhaps. */
  | { readonly type: 'PutHeard'; readonly domain: string; readonly marks: Marks }
  | { readonly type: 'PutGrant'; readonly domain: string; readonly grant: OpenGrant }
  /** May be repeated. */
  | { readonly type: 'DropGrant'; readonly domain: string; readonly wctr: number }
  /** The highest request of this member that was granted. */
  | {
      readonly type: 'PutAsked'
      readonly domain: string
      readonly member: MemberIndex
      readonly id: number
    }
  /** One of the same content is kept once. */
  | { readonly type: 'PutContest'; readonly domain: string; readonly contest: Contest }
  /** The next record of this node's copy of the registry; an index that leaves a gap or comes again is a mistake. */
  | { readonly type: 'LearnRecord'; readonly index: number; readonly record: Uint8Array }
  /** The next record of the registry itself, at the node that keeps it. */
  | { readonly type: 'FileRecord'; readonly index: number; readonly record: Uint8Array }
  /** The latest session of a peer. */
  | { readonly type: 'MeetPeer'; readonly incarnation: string; readonly session: Session }
  /** Nothing newer was found anywhere on this boot. */
  | { readonly type: 'ConfirmBoot'; readonly boot: string }
  /** Whether this node is to be drained, until the next of these. */
  | { readonly type: 'SetDraining'; readonly draining: boolean }
  /**
   * Another incarnation lives here from now on: all runs, marks, grants, requests, contests and peers go; the
   * attachments, cooling addresses, tombstones and cursors, both copies of the registry and the confirmed
   * boot stay. To name the present incarnation is a mistake.
   */
  | { readonly type: 'Reincarnate'; readonly incarnation: string; readonly key: string }

/** What is stored of one domain; one of which nothing is stored is absent. */
export interface StoredDomain {
  /** In the order of addresses. */
  readonly runs: readonly Run[]
  readonly marks: ReadonlyMap<MemberIndex, number>
  readonly heard: ReadonlyMap<MemberIndex, number>
  /** By their counts. */
  readonly grants: readonly OpenGrant[]
  readonly asked: ReadonlyMap<MemberIndex, number>
  readonly contests: readonly Contest[]
}

export interface StoredLeases {
  readonly identity: Identity
  readonly domains: ReadonlyMap<string, StoredDomain>
  /** This node's copy of the registry, in order from record 1. */
  readonly learned: readonly Uint8Array[]
  /** The registry itself, where this node keeps it. */
  readonly filed: readonly Uint8Array[]
  /** By incarnation. */
  readonly peers: ReadonlyMap<string, Session>
}
