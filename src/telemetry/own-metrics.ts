// The metrics that Orbweaver counts: what happened since the start of the process.

import type { Counters, Sample } from './counters.ts'
import type { Histogram, Histograms } from './histogram.ts'
import type { Metric, Scene } from './metric.ts'
import type { Tally } from './tally.ts'

type Of<Kind> = { [Key in keyof Tally]: Tally[Key] extends Kind ? Key : never }[keyof Tally]

export const ownMetrics: readonly Metric[] = [
  histograms('cni_request_duration_seconds', 'requests', ['verb', 'phase', 'result'], {
    help: 'Duration of requests of the runtime, as a whole and, of ADD, its reading and deciding with the commit'
  }),
  counters('cni_answers', 'answers', ['verb', 'code'], {
    help: 'Answers to the runtime by CNI code, 0 for success, empty where there was none'
  }),
  counters('refusals', 'refusals', ['reason', 'pool'], {
    help: 'ADDs refused, by reason and by each pool that was tried'
  }),
  counters('addresses_allocated', 'allocated', ['pool'], { help: 'Addresses given to pods' }),
  counters('addresses_released', 'released', ['pool', 'cause'], {
    help: 'Addresses that pods let go, by what ended it'
  }),
  counters('quarantines', 'quarantines', [], {
    help: 'Addresses put out of use because a host that is no pod has them'
  }),
  counters('lease_moves', 'leaseMoves', ['subnet', 'direction'], {
    help: 'Moves of custody: granted, received, assigned, reclaimed, lost, retired'
  }),
  counters('lease_moved_addresses', 'leaseAddresses', ['subnet', 'direction'], {
    help: 'Addresses in these moves'
  }),
  counters('commits', 'commits', ['result'], {
    help: 'Transactions of the store: durable, refused'
  }),
  histogram('commit_duration_seconds', 'commitDurations', {
    help: 'Duration of a transaction, disk included'
  }),
  histogram('commit_changes', 'commitChanges', { help: 'Changes in one transaction' }),
  counters('actor_crashes', 'crashes', ['actor'], {
    help: 'Crashes of actors; all of them are built anew after each'
  }),
  counters('orders', 'orders', ['order', 'status'], {
    help: 'What people ordered, by path and HTTP status'
  }),
  counters('mesh_messages', 'mesh', ['protocol', 'direction'], {
    help: 'Messages between nodes by what they are: sent, received'
  }),
  counters('events', 'events', ['type'], { help: 'Events noted, as /v1/events has them' })
]

interface Said {
  readonly help: string
}

function counters(
  name: string,
  of: Of<Counters>,
  labels: readonly string[],
  { help }: Said
): Metric {
  const read = ({ tally }: Scene): readonly Sample[] => {
    const samples = tally[of].samples()
    // Without labels there is always a value, so that a rate has something to start from.
    return samples.length === 0 && labels.length === 0 ? [{ labels: {}, value: 0 }] : samples
  }
  return { name: `orbweaver_${name}_total`, type: 'counter', help, labels, read }
}

function histogram(name: string, of: Of<Histogram>, { help }: Said): Metric {
  const read = ({ tally }: Scene) => tally[of].samples()
  return { name: `orbweaver_${name}`, type: 'histogram', help, labels: [], read }
}

function histograms(
  name: string,
  of: Of<Histograms>,
  labels: readonly string[],
  { help }: Said
): Metric {
  const read = ({ tally }: Scene) => tally[of].samples()
  return { name: `orbweaver_${name}`, type: 'histogram', help, labels, read }
}
