// What is remembered of a domain: all that a custody is made of.

import type { Contest } from './contest.ts'
import type { OpenGrant } from './open-grant.ts'
import type { MemberIndex, Run } from './register.ts'

export interface CustodyRecord {
  readonly runs: readonly Run[]
  readonly marks: ReadonlyMap<MemberIndex, number>
  readonly heard: ReadonlyMap<MemberIndex, number>
  readonly grants: readonly OpenGrant[]
  readonly asked: ReadonlyMap<MemberIndex, number>
  readonly contests: readonly Contest[]
}
