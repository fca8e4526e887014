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
  /** What is kept for whom; absent where nothing is. */
  readonly keeps?: Keeps
  /** Names of the sandbox's interfaces that have their addresses already. */
  readonly siblings: readonly string[]
}

export interface Keeps {
  /** The pod is the same again after a restart, under this name. */
  readonly identity?: string
  /** What is kept for a holder, the best first. */
  readonly of: (holder: string, family: Family) => readonly Address[]
  /** How many more addresses than pods an application reserves that does not say. */
  readonly spare: number
}
