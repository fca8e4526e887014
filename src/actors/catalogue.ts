// CATALOGUE: knows which pools are in force, and tells the others when that changes.

import { formatCidr } from '../core/cidr.ts'
import { buildPoolSetKeeping } from '../core/draining-pool.ts'
import type { IpPool } from '../core/ip-pool.ts'
import { emptyPoolSet, type PoolSet } from '../core/pool-set.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Log } from '../ports/log.ts'
import type { PoolListing, PoolSource } from '../ports/pool-source.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { CatalogueMessage } from './messages/catalogue.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import { reportPools, reportSkipped } from './pool-report.ts'
import { ask } from './runtime/ask.ts'
import type { ActorRef } from './runtime/ref.ts'

const mailboxLimit = 1_024

/** A subnet answers between two messages; longer than this, something is very wrong and is tried again. */
const usageTimeoutMs = 10_000

/** How soon pools that drain, and documents they stand in the way of, are looked at again. */
const unsettledReloadMs = 15_000

export interface CatalogueOptions {
  readonly source: PoolSource
  readonly log: Log
  readonly chronicle: Chronicle
  readonly initial: PoolSet
  /** The actors of all subnets there are, by CIDR; `spawnSubnet` adds to it. */
  readonly subnets: ReadonlyMap<string, ActorRef<SubnetMessage>>
  readonly spawnSubnet: (cidr: string) => ActorRef<SubnetMessage>
  readonly allocator: ActorRef<AllocatorMessage>
  readonly secretary: ActorRef<SecretaryMessage>
  /** Hears of every listing, so that a house that is built anew starts from the latest one. */
  readonly onListed: (listing: PoolListing) => void
}

interface State {
  readonly set: PoolSet
  readonly skipped: readonly string[]
  /** A reading is under way; `again` when something changed meanwhile. */
  readonly reading: 'no' | 'yes' | 'again'
}

type Context = ActorContext<CatalogueMessage>

export function catalogue(options: CatalogueOptions): Behaviour<CatalogueMessage, State> {
  return {
    name: 'catalogue',
    mailboxLimit,
    start: context => {
      reportPools(options, emptyPoolSet, options.initial)
      context.schedule('unsettled', unsettledReloadMs, { type: 'Reload' })
      return { set: options.initial, skipped: [], reading: 'no' }
    },
    describe: ({ set: { pools, problems }, skipped, reading }) => ({
      ...{ pools: [...pools.keys()], problems, skipped, reading }
    }),
    receive: (state, message, context) => receive(state, message, context, options)
  }
}

function receive(
  state: State,
  message: CatalogueMessage,
  context: Context,
  options: CatalogueOptions
): State {
  switch (message.type) {
    case 'Reload':
      if (state.reading !== 'no') return { ...state, reading: 'again' }
      context.pipe(
        list(options, context),
        listed => ({ type: 'Listed', ...listed }),
        error => ({ type: 'Listed', ...unreadable(error, state.set) })
      )
      return { ...state, reading: 'yes' }
    case 'Listed': {
      const { listing, inUse } = message
      options.onListed(listing)
      const set = buildPoolSetKeeping(inUse, listing.documents, state.set, listing.problems)
      reportPools(options, state.set, set)
      reportSkipped(options.log, state.skipped, listing.skipped)
      publishPools(set, options)
      if (state.reading === 'again') context.self.insist({ type: 'Reload' })
      const unsettled = set.problems.length > 0 || [...set.pools.values()].some(p => p.isDisabled)
      if (unsettled) context.schedule('unsettled', unsettledReloadMs, { type: 'Reload' })
      return { set, skipped: listing.skipped, reading: 'no' }
    }
    case 'ViewAdvanced': {
      // Subnets that only other nodes have pools of: this node keeps their custody in mind as well.
      const missing = [...message.view.domains.keys()].filter(cidr => !options.subnets.has(cidr))
      for (const cidr of missing) options.spawnSubnet(cidr)
      if (missing.length > 0) publishPools(state.set, options)
      return state
    }
    case 'DescribePools':
      message.replyTo({ set: state.set, subnets: options.subnets })
      return state
  }
}

async function list(
  { source, subnets }: CatalogueOptions,
  { clock }: Context
): Promise<{ listing: PoolListing; inUse: ReadonlySet<string> }> {
  const listing = await source.read()
  const usages = await Promise.all(
    [...subnets.values()].map(actor =>
      ask(actor, { type: 'DescribeUsage' }, { clock, timeoutMs: usageTimeoutMs })
    )
  )
  return { listing, inUse: new Set(usages.flatMap(({ poolsInUse }) => [...poolsInUse])) }
}

/** Nothing could be learned, so everything stays as it is. */
function unreadable(error: unknown, set: PoolSet): { listing: PoolListing; inUse: Set<string> } {
  const problem = { source: 'pools', problem: `could not be read again: ${String(error)}` }
  return {
    listing: { documents: set.inForce, problems: [problem], skipped: [] },
    inUse: new Set(set.pools.keys())
  }
}

/** First the subnets learn their pools, then the allocator may ask for them. */
function publishPools(set: PoolSet, options: CatalogueOptions): void {
  const { subnets, spawnSubnet, allocator, secretary } = options
  const byCidr = poolsByCidr(set)
  secretary.insist({ type: 'WantDomains', domains: [...byCidr.keys()] })
  for (const cidr of byCidr.keys()) {
    if (!subnets.has(cidr)) spawnSubnet(cidr)
  }
  for (const [cidr, actor] of subnets) {
    actor.insist({ type: 'SetPools', pools: byCidr.get(cidr) ?? [] })
  }
  allocator.insist({ type: 'PoolsChanged', pools: set.pools, subnets: new Map(subnets) })
}

export function poolsByCidr(set: PoolSet): Map<string, IpPool[]> {
  return Map.groupBy(set.pools.values(), pool => formatCidr(pool.subnet))
}
