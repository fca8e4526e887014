// The metrics that Orbweaver looks up: how things are at the moment of a scrape.

import { AddressSet } from '../core/address-set.ts'
import type { PoolUsage } from '../core/refusal.ts'
import type { Census, SubnetCensus } from './census.ts'
import type { Sample } from './counters.ts'
import { type Metric, one, type Scene } from './metric.ts'

export const stateMetrics: readonly Metric[] = [
  gauge('pool_addresses', ['pool', 'state'], {
    help: 'Addresses of a pool as this node has them: used, cooling, free here, elsewhere (other nodes have their custody)',
    read: inCensus(census => census.subnets.flatMap(({ usage }) => usage.pools.flatMap(byState)))
  }),
  gauge('pool_waiting_pods', ['pool'], {
    help: 'Pods that wait for an address of a pool from another node',
    read: inCensus(census =>
      census.subnets.flatMap(({ usage }) =>
        [...usage.waiting].map(([pool, value]) => ({ labels: { pool }, value }))
      )
    )
  }),
  gauge('custody_addresses', ['subnet'], {
    help: 'Addresses of a subnet whose custody this node has',
    read: perSubnet(({ custody: { runs, me } }) =>
      Number(AddressSet.of(runs.filter(({ register }) => register.owner === me)).size)
    )
  }),
  gauge('custody_runs', ['subnet'], {
    help: 'Runs of addresses with one register: how finely a subnet is cut',
    read: perSubnet(({ custody }) => custody.runs.length)
  }),
  gauge('open_grants', ['subnet'], {
    help: 'Grants whose receiver has not said that it has them',
    read: perSubnet(({ custody }) => custody.grants.length)
  }),
  gauge('contested_addresses', ['subnet'], {
    help: 'Addresses out of use because two nodes claim them',
    read: perSubnet(({ custody }) => custody.contests.length)
  }),
  gauge('quarantined_addresses', ['subnet'], {
    help: 'Addresses out of use because hosts that are no pods have them',
    read: perSubnet(({ usage }) => usage.quarantined)
  }),
  gauge('subnet_serving', ['subnet'], {
    help: '1 while addresses of a subnet are handed out here, else 0',
    read: perSubnet(({ custody }) => (custody.notServing === undefined ? 1 : 0))
  }),
  gauge('takeover_waits', ['subnet'], {
    help: 'Members whose answer is missing before this node takes over or serves again',
    read: perSubnet(({ custody }) => custody.waitsFor.length)
  }),
  gauge('draining', [], {
    help: '1 while this node is being drained, else 0',
    read: inCensus(({ subnets }) => one(subnets.some(s => s.custody.isDraining) ? 1 : 0))
  }),
  gauge('members', ['state'], {
    help: 'Other members of the cluster as this node sees them: reachable, connected, silent',
    read: inCensus(membersByState)
  }),
  gauge('registry_records', [], {
    help: 'Records of the registry that this node knows',
    read: inCensus(({ peers }) => one(peers.view.index))
  }),
  gauge('pool_problems', [], {
    help: 'Documents of pools that are not in force',
    read: inCensus(({ set }) => one(set.problems.length))
  }),
  gauge('mailbox_messages', ['actor'], {
    help: 'Messages that wait, by kind of actor',
    read: inCensus(census => byActor(census, ({ waiting }) => waiting))
  }),
  {
    ...gauge('actor_messages', ['actor'], {
      help: 'Messages handled since the actors were built, by kind of actor',
      read: inCensus(census => byActor(census, ({ handled }) => handled))
    }),
    ...{ name: 'orbweaver_actor_messages_total', type: 'counter' }
  },
  {
    ...gauge('actor_busy', ['actor'], {
      help: 'Time in which actors handled messages, by kind of actor',
      read: inCensus(census => byActor(census, ({ busyMs }) => busyMs / 1_000))
    }),
    ...{ name: 'orbweaver_actor_busy_seconds_total', type: 'counter' }
  },
  gauge('deletion_queue_files', [], {
    help: 'Releases that wait in the queue of the plugin',
    read: ({ process }) => one(process.queued)
  }),
  gauge('event_loop_delay_seconds', ['quantile'], {
    help: 'How late the event loop comes around, since the last scrape; 1 is the most',
    read: ({ process }) =>
      [...process.loopDelays].map(([quantile, value]) => ({ labels: { quantile }, value }))
  }),
  gauge('build_info', ['release', 'node_version'], {
    help: 'Always 1; the release is in a label',
    read: ({ process: { release, node } }) => [
      { labels: { release, node_version: node }, value: 1 }
    ]
  })
]

interface Said {
  readonly help: string
  readonly read: Metric['read']
}

function gauge(name: string, labels: readonly string[], { help, read }: Said): Metric {
  return { name: `orbweaver_${name}`, type: 'gauge', help, labels, read }
}

function inCensus(read: (census: Census) => readonly Sample[]): Metric['read'] {
  return ({ census }: Scene) => (census === undefined ? [] : read(census))
}

function perSubnet(read: (subnet: SubnetCensus) => number): Metric['read'] {
  return inCensus(({ subnets }) =>
    subnets.map(subnet => ({ labels: { subnet: subnet.cidr }, value: read(subnet) }))
  )
}

function byState({ pool, total, used, cooling, free }: PoolUsage): Sample[] {
  const elsewhere = total - used - cooling - free
  const states = { used, cooling, free, elsewhere: elsewhere > 0n ? elsewhere : 0n }
  return Object.entries(states).map(([state, value]) => ({
    labels: { pool, state },
    value: Number(value)
  }))
}

function membersByState({ peers: { peers } }: Census): Sample[] {
  const count = { reachable: 0, connected: 0, silent: 0 }
  for (const { connected, session } of peers) {
    if (!connected) count.silent += 1
    else if (session === undefined) count.connected += 1
    else count.reachable += 1
  }
  return Object.entries(count).map(([state, value]) => ({ labels: { state }, value }))
}

function byActor(
  { vitals }: Census,
  of: (vitals: Census['vitals'][number]) => number
): readonly Sample[] {
  const sums = new Map<string, number>()
  for (const one of vitals) sums.set(one.name, (sums.get(one.name) ?? 0) + of(one))
  return [...sums].map(([actor, value]) => ({ labels: { actor }, value }))
}
