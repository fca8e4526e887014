// SYNCHRONISER: compares notes with one member after the other, so that everybody knows everything in the end.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { MemberIndex } from '../../core/lease/register.ts'
import type { BodyOf, Holding } from '../../core/protocol.ts'
import type { ActorRef } from '../runtime/ref.ts'
import type { BrokerMessage, MemberReachable } from './broker.ts'
import type { SubnetsChanged, ViewAdvanced } from './membership.ts'

/** Sent by a subnet: this is the content of its lease map now, and how its pools stand. */
export interface Noted {
  readonly type: 'Noted'
  readonly domain: string
  readonly hash: string
  readonly pools: readonly { readonly pool: string; readonly holding: Holding }[]
}

/** Sent by membership. */
export interface DigestHeard {
  readonly type: 'DigestHeard'
  readonly from: MemberIndex
  readonly digest: BodyOf<'Digest'>
}

/** Sent by membership. */
export interface RumourHeard {
  readonly type: 'RumourHeard'
  readonly from: MemberIndex
  readonly rumour: BodyOf<'Rumour'>
}

/** Sent by the house: who looks for addresses in which subnet. */
export interface BrokersChanged {
  readonly type: 'BrokersChanged'
  readonly brokers: ReadonlyMap<string, ActorRef<BrokerMessage>>
}

/** To itself: compare notes with somebody. */
export interface CompareTick {
  readonly type: 'CompareTick'
}

/** To itself: tell everybody how things stand. */
export interface RumourTick {
  readonly type: 'RumourTick'
}

export type SynchroniserMessage =
  | Noted
  | DigestHeard
  | RumourHeard
  | MemberReachable
  | SubnetsChanged
  | BrokersChanged
  | ViewAdvanced
  | CompareTick
  | RumourTick
