// What one decision about custody changes.

import type { Address } from '../address.ts'
import type { Contest } from './contest.ts'
import type { MapChange } from './lease-map.ts'
import type { OpenGrant } from './open-grant.ts'
import type { MemberIndex } from './register.ts'

/** Made durable as a whole before anything of it is told or used. */
export interface CustodyChange {
  readonly runs: MapChange
  readonly marks: readonly (readonly [MemberIndex, number])[]
  /** Counts of writers higher than any that was taken before. */
  readonly heard: readonly (readonly [MemberIndex, number])[]
  readonly grant?: OpenGrant
  /** Grants that are open no longer, by their counts. */
  readonly closed: readonly number[]
  readonly contests: readonly Contest[]
  /** Cooling addresses that leave with their custody. */
  readonly forgotten: readonly Address[]
}

/** Is there nothing to be made durable? */
export function isEmptyChange(change: CustodyChange): boolean {
  const { runs, marks, heard, grant, closed, contests } = change
  const lists = [runs.added, marks, heard, closed, contests]
  return grant === undefined && lists.every(list => list.length === 0)
}
