// A grant that is durable at its donor and perhaps not yet with its receiver: said again until it is taken.

import type { MemberIndex, Run } from './register.ts'

export interface OpenGrant {
  /** The donor's count of writes in the domain: names the grant. */
  readonly wctr: number
  readonly to: MemberIndex
  /** The request it answers; 0 when nobody asked. */
  readonly id: number
  readonly pool: string
  readonly runs: readonly Run[]
}
