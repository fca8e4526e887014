// BROKER, one per subnet: finds addresses at other nodes.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { Address } from '../../core/address.ts'
import type { MemberIndex } from '../../core/lease/register.ts'
import type { BodyOf, Holding } from '../../core/protocol.ts'
import type { ReplyTo } from '../runtime/ref.ts'
import type { ViewAdvanced } from './membership.ts'

/** Sent by the subnet whenever pods wait, no longer wait, or its free space runs low. */
export interface Need {
  readonly type: 'Need'
  readonly pool: string
  /** Pods that wait now. */
  readonly waiting: number
  /** Addresses wanted beyond that, against the next burst. */
  readonly wish: number
  readonly own: Holding
  /** All addresses of the pool. */
  readonly total: number
  /** How many addresses of the pool each member owned when it was last heard of; absent: as before. */
  readonly owners?: ReadonlyMap<MemberIndex, number>
}

/** Sent by the subnet, behind membership: an answer to an Ask, or a grant out of the blue. */
export interface Answered {
  readonly type: 'Answered'
  readonly from: MemberIndex
  readonly answer: BodyOf<'Grant'> | BodyOf<'No'>
}

/** Sent by the synchroniser: how a member stands with the pools of this subnet. */
export interface Hinted {
  readonly type: 'Hinted'
  readonly member: MemberIndex
  readonly pools: readonly { readonly pool: string; readonly holding: Holding }[]
}

/** Sent by membership. */
export interface MemberReachable {
  readonly type: 'MemberReachable'
  readonly member: MemberIndex
  readonly reachable: boolean
}

/** Bring this very address here. Sent by the subnet for its orphans, and by an operator's verb. */
export interface Fetch {
  readonly type: 'Fetch'
  readonly address: Address
  /** Whom the subnet believes to own it. */
  readonly owner: MemberIndex
  readonly replyTo: ReplyTo<Fetched>
}

export type Fetched =
  | { readonly type: 'Granted' }
  | { readonly type: 'Denied'; readonly no: BodyOf<'No'>; readonly from: MemberIndex }
  | { readonly type: 'Unanswered'; readonly owner: MemberIndex }

/** To itself: some questions may be overdue. */
export interface SearchTick {
  readonly type: 'SearchTick'
}

export type BrokerMessage =
  Need | Answered | Hinted | MemberReachable | Fetch | ViewAdvanced | SearchTick
