// What the actors say at the moment of a scrape: addresses by pool, custody by subnet, peers, mailboxes. Nothing of it
// costs anything while nobody asks.

import type { CatalogueMessage } from '../actors/messages/catalogue.ts'
import type { MembershipMessage, PeersDescribed } from '../actors/messages/membership.ts'
import type { CustodyDescribed, SubnetUsage } from '../actors/messages/subnet.ts'
import type { ActorVitals } from '../actors/runtime/meter.ts'
import { ask } from '../actors/runtime/ask.ts'
import type { ActorRef } from '../actors/runtime/ref.ts'
import type { PoolSet } from '../core/pool-set.ts'
import type { Clock } from '../ports/clock.ts'

/** A scraper gives up after ten seconds, and what one actor does not say is missing for a while. */
const askTimeoutMs = 2_000

export interface CensusHouse {
  readonly catalogue: ActorRef<CatalogueMessage>
  readonly membership: ActorRef<MembershipMessage>
  readonly actors: { vitals(): readonly ActorVitals[] }
}

export interface SubnetCensus {
  readonly cidr: string
  readonly usage: SubnetUsage
  readonly custody: CustodyDescribed
}

export interface Census {
  readonly set: PoolSet
  readonly subnets: readonly SubnetCensus[]
  readonly peers: PeersDescribed
  readonly vitals: readonly ActorVitals[]
}

/** Undefined when an actor does not answer in time. */
export async function takeCensus(house: CensusHouse, clock: Clock): Promise<Census | undefined> {
  const within = { clock, timeoutMs: askTimeoutMs }
  const vitals = house.actors.vitals()
  try {
    const { set, subnets } = await ask(house.catalogue, { type: 'DescribePools' }, within)
    const [peers, ...all] = await Promise.all([
      ask(house.membership, { type: 'DescribePeers' }, within),
      ...[...subnets].map(async ([cidr, actor]) => {
        const [usage, custody] = await Promise.all([
          ask(actor, { type: 'DescribeUsage' }, within),
          ask(actor, { type: 'DescribeCustody' }, within)
        ])
        return { cidr, usage, custody }
      })
    ])
    return { set, subnets: all, peers, vitals }
  } catch {
    return undefined
  }
}
