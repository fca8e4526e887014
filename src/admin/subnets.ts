// GET /v1/subnets: every subnet with its pools, how full they are here, and how much of it each node has.

import { ask } from '../actors/runtime/ask.ts'
import type { CustodyDescribed } from '../actors/messages/subnet.ts'
import { AddressSet } from '../core/address-set.ts'
import type { PoolUsage } from '../core/refusal.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import { domainsOf } from './addresses.ts'
import { describePeers, type OpenService, timing } from './admin-service.ts'
import { type Answer, shown } from './answer.ts'
import { nodeOf } from './custody-view.ts'
import { count } from './views.ts'

export interface SubnetView {
  readonly subnet: string
  readonly pools: readonly string[]
  /** Of all pools: addresses that may be given to pods, and how many of them are so at this node. */
  readonly total: number | string
  readonly used: number | string
  readonly cooling: number | string
  readonly free: number | string
  /** Addresses of the subnet whose custody each node has, the most first. */
  readonly owners: readonly { readonly node: string; readonly count: number | string }[]
  readonly blocks: number
  readonly serving: boolean
  readonly why?: string
}

export async function reportSubnets(service: OpenService): Promise<Answer> {
  const within = timing(service)
  const [domains, { view }] = await Promise.all([domainsOf(service), describePeers(service)])
  const subnets = await Promise.all(
    domains.map(async ({ actor }) => {
      const [usage, custody] = await Promise.all([
        ask(actor, { type: 'DescribeUsage' }, within),
        ask(actor, { type: 'DescribeCustody' }, within)
      ])
      return subnetView(usage.pools, custody, view)
    })
  )
  return shown({ subnets })
}

function subnetView(
  pools: readonly PoolUsage[],
  { domain, runs, notServing }: CustodyDescribed,
  view: ClusterView
): SubnetView {
  const sum = (key: 'total' | 'used' | 'cooling' | 'free') =>
    count(pools.reduce((all, usage) => all + usage[key], 0n))
  const byOwner = Map.groupBy(runs, ({ register }) => register.owner)
  const owners = [...byOwner]
    .map(([owner, own]) => ({ node: nodeOf(owner, view), size: AddressSet.of(own).size }))
    .sort((a, b) => (a.size > b.size ? -1 : a.size < b.size ? 1 : 0))
  return {
    subnet: domain,
    pools: pools.map(({ pool }) => pool),
    ...{ total: sum('total'), used: sum('used'), cooling: sum('cooling'), free: sum('free') },
    owners: owners.map(({ node, size }) => ({ node, count: count(size) })),
    blocks: runs.length,
    serving: notServing === undefined,
    ...(notServing !== undefined && { why: notServing })
  }
}
