// INQUEST, one per subnet: asks every member what it knows, when that has to be certain: before an heir takes
// over, and before a node serves again after a reboot.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { MemberIndex, Run } from '../../core/lease/register.ts'
import type { BodyOf } from '../../core/protocol.ts'
import type { ViewAdvanced } from './membership.ts'
import type { HeadRead } from './secretary.ts'

/** Sent by the subnet: there are registers of members that are gone and whose heir is this node. */
export interface Inherit {
  readonly type: 'Inherit'
}

/** Sent by the subnet at its start, or on suspicion: nothing is served before this has come to an end. */
export interface AskWhetherForgotten {
  readonly type: 'AskWhetherForgotten'
  /** A member said in passing that there are higher counts, and no register showed it. */
  readonly isSuspicion?: true
  readonly wctr: number
  readonly runs: readonly Run[]
}

/** Sent by the subnet, behind membership. */
export interface Testified {
  readonly type: 'Testified'
  readonly from: MemberIndex
  readonly testimony: BodyOf<'Collected'> | BodyOf<'Confirmed'>
}

/** To itself: ask again who has not answered. */
export interface InquestTick {
  readonly type: 'InquestTick'
}

export type InquestMessage =
  Inherit | AskWhetherForgotten | Testified | HeadRead | ViewAdvanced | InquestTick
