// CATALOGUE: which pools are in force.
// A message is never changed after it was sent; `replyTo` is the way back.

import type { PoolSet } from '../../core/pool-set.ts'
import type { PoolListing } from '../../ports/pool-source.ts'
import type { ActorRef, ReplyTo } from '../runtime/ref.ts'
import type { ViewAdvanced } from './membership.ts'
import type { SubnetMessage } from './subnet.ts'

/** Sent by the pool source's watcher and by the catalogue's own clock. */
export interface Reload {
  readonly type: 'Reload'
}

/** To itself: what the source holds now, and which pools still have addresses out. */
export interface Listed {
  readonly type: 'Listed'
  readonly listing: PoolListing
  readonly inUse: ReadonlySet<string>
}

/** Sent by the admin server. */
export interface DescribePools {
  readonly type: 'DescribePools'
  readonly replyTo: ReplyTo<PoolsDescribed>
}

export interface PoolsDescribed {
  readonly set: PoolSet
  readonly subnets: ReadonlyMap<string, ActorRef<SubnetMessage>>
}

export type CatalogueMessage = Reload | Listed | DescribePools | ViewAdvanced
