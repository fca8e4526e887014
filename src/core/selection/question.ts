// Everything that the choice of pools for one ADD depends on.

import type { AttachmentKey, Pod } from '../attachment.ts'
import type { Demand } from '../demand.ts'
import type { IpPool } from '../ip-pool.ts'
import type { Facts } from './facts.ts'

export interface Question {
  readonly key: Pick<AttachmentKey, 'ifname'>
  readonly pod: Pod
  readonly demand: Demand
  readonly facts: Facts
  readonly pools: ReadonlyMap<string, IpPool>
  /** Names of the sandbox's interfaces that have their addresses already. */
  readonly siblings: readonly string[]
}
