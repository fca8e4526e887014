// Everything that the choice of pools for one ADD depends on.

import type { Address, Family } from '../address.ts'
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
  /** The pod is the same again after a restart: under which name, and what is kept for it, the best first. */
  readonly fixed?: {
    readonly identity: string
    readonly kept: (holder: string, family: Family) => readonly Address[]
  }
  /** Names of the sandbox's interfaces that have their addresses already. */
  readonly siblings: readonly string[]
}
