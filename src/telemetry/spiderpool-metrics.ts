// The metrics that Spiderpool documents, under the documented names and those that it exports since its release 1.2.0,
// so that dashboards and alerts for either go on working. What has no counterpart here is 0 and says so; gauges are
// gauges.

import type { PoolUsage } from '../core/refusal.ts'
import { subnetOfPoolName } from '../core/ip-pool.ts'
import { applicationOf } from '../core/selection/application.ts'
import { bindOf } from '../core/lease/bind.ts'
import type { Census } from './census.ts'
import type { Sample } from './counters.ts'
import type { Histogram } from './histogram.ts'
import { type Metric, one, type Scene } from './metric.ts'
import type { Tally } from './tally.ts'

type Key<Kind> = { [Name in keyof Tally]: Tally[Name] extends Kind ? Name : never }[keyof Tally]

const nothing = 'always 0, there is no such thing here'

/** Of errors that are neither a full pool nor the lack of a fitting one. */
const usedOut = [
  ...['PoolExhausted', 'PoolUnreachable', 'AddressesPending', 'AddressesCooling'],
  'ReservationFull'
]
const noPool = ['NoPoolFits', 'PoolUnknown', 'AddressOutsidePools']

export const spiderpoolMetrics: readonly Metric[] = [
  counter('ipam_allocation_counts', 'ipamAllocationCounts', 'ADDs answered', tally =>
    answersOf(tally, 'ADD')
  ),
  counter('ipam_allocation_failure_counts', 'ipamAllocationFailureCounts', 'ADDs that failed', t =>
    failuresOf(t, 'ADD')
  ),
  counter(
    ...[
      'ipam_allocation_update_ippool_conflict_counts',
      'ipamAllocationUpdateIPPoolConflictCounts'
    ],
    ...[`Conflicts when a pool is updated: ${nothing}`, none]
  ),
  counter(
    ...['ipam_allocation_err_internal_counts', 'ipamAllocationErrInternalCounts'],
    ...['ADDs that failed for another reason than these', otherErrors]
  ),
  counter(
    ...['ipam_allocation_err_no_available_pool_counts', 'ipamAllocationErrNoAvailablePoolCounts'],
    ...['ADDs for which no pool may be used', (tally: Tally) => refusalsOf(tally, noPool)]
  ),
  counter(
    ...['ipam_allocation_err_retries_exhausted_counts', 'ipamAllocationErrRetriesExhaustedCounts'],
    ...[`ADDs that met too many conflicts: ${nothing}`, none]
  ),
  counter(
    ...['ipam_allocation_err_ip_used_out_counts', 'ipamAllocationErrIPUsedOutCounts'],
    ...['ADDs for which pools had no address left', (tally: Tally) => refusalsOf(tally, usedOut)]
  ),
  ...durations('ipam_allocation', 'ipamAllocation', 'adds', 'an ADD'),
  ...durations(
    'ipam_allocation',
    'ipamAllocation',
    'addWaits',
    'an ADD before it is decided',
    true
  ),
  counter('ipam_release_counts', 'ipamReleaseCounts', 'DELs answered', tally =>
    answersOf(tally, 'DEL')
  ),
  counter('ipam_release_failure_counts', 'ipamReleaseFailureCounts', 'DELs without an answer', t =>
    failuresOf(t, 'DEL')
  ),
  counter(
    ...['ipam_release_update_ippool_conflict_counts', 'ipamReleaseUpdateIPPoolConflictCounts'],
    ...[`Conflicts when a pool is updated: ${nothing}`, none]
  ),
  counter(
    ...['ipam_release_err_internal_counts', 'ipamReleaseErrInternalCounts'],
    ...['DELs that failed', (tally: Tally) => failuresOf(tally, 'DEL')]
  ),
  counter(
    ...['ipam_release_err_retries_exhausted_counts', 'ipamReleaseErrRetriesExhaustedCounts'],
    ...[`DELs that met too many conflicts: ${nothing}`, none]
  ),
  ...durations('ipam_release', 'ipamRelease', 'dels', 'a DEL'),
  ...durations('ipam_release', 'ipamRelease', 'delWaits', 'a DEL before it is decided', true),
  counter(
    ...['debug_auto_pool_waited_for_available_counts', 'debug_autoPoolWaitedForAvailableCounts'],
    ...[`Waits for the pool of an application: ${nothing}`, none]
  ),
  counter('ip_gc_counts', 'ipGCCCounts', 'Addresses whose pods were gone without a DEL', gone),
  counter(
    'ip_gc_failure_counts',
    'ipGCFailureCounts',
    `Such releases that failed: ${nothing}`,
    none
  ),
  gauge('total_ippool_counts', 'totalIPPoolCounts', 'Pools', [], census =>
    one(poolsIn(census, false).length)
  ),
  gauge('total_subnet_counts', 'totalSubnetCounts', 'SpiderSubnets', [], census =>
    one(poolsIn(census, true).length)
  ),
  ...sizes('debug_ippool', 'debug_ippool', 'SpiderIPPool', false),
  gauge(
    ...(['debug_subnet_ippool_counts', 'debug_subnetIPPoolCounts'] as const),
    ...(['Applications that have addresses of a SpiderSubnet', ['SpiderSubnet']] as const),
    applications
  ),
  ...sizes('debug_subnet', 'debug_subnet', 'SpiderSubnet', true)
].flat()

/** Both spellings. */
type Pair = readonly [Metric, Metric]

function named(snake: string, camel: string, metric: Omit<Metric, 'name'>): Pair {
  const suffix = metric.type === 'counter' ? '_total' : ''
  return [
    { ...metric, name: `spiderpool_${snake}${suffix}` },
    { ...metric, name: `spiderpool_${camel}Name${suffix}` }
  ]
}

function counter(snake: string, camel: string, help: string, of: (tally: Tally) => number): Pair {
  const read = ({ tally }: Scene) => one(of(tally))
  return named(snake, camel, { type: 'counter', help, labels: [], read })
}

function gauge(
  snake: string,
  camel: string,
  help: string,
  labels: readonly string[],
  of: (census: Census) => readonly Sample[]
): Pair {
  const read = ({ census }: Scene) => (census === undefined ? [] : of(census))
  return named(snake, camel, { type: 'gauge', help, labels, read })
}

/** Average, most, least and latest, and all of them. */
function durations(
  snake: string,
  camel: string,
  key: Key<Histogram>,
  what: string,
  isWait = false
): Pair[] {
  const [low, high] = isWait ? ['_limit', 'Limit'] : ['', '']
  const extremes = (['average', 'max', 'min', 'latest'] as const).map(kind =>
    named(
      `${snake}_${kind}${low}_duration_seconds`,
      `${camel}${capital(kind)}${high}DurationSeconds`,
      {
        ...{ type: 'gauge', labels: [], help: `Duration of ${what} since the start: ${kind}` },
        read: ({ tally }) => one(tally[key].extremes[kind])
      }
    )
  )
  const all = named(`${snake}${low}_duration_seconds`, `${camel}${high}DurationSeconds`, {
    ...{ type: 'histogram', labels: [], help: `Duration of ${what}` },
    read: ({ tally }) => tally[key].samples()
  })
  return [...extremes, all]
}

function sizes(snake: string, camel: string, label: string, isSubnet: boolean): Pair[] {
  const of = (read: (usage: PoolUsage) => bigint) => (census: Census) =>
    poolsIn(census, isSubnet).flatMap(name =>
      census.subnets
        .flatMap(({ usage }) => usage.pools.filter(({ pool }) => pool === name))
        .map(usage => {
          return { labels: { [label]: subnetOfPoolName(name) ?? name }, value: Number(read(usage)) }
        })
    )
  return [
    gauge(
      `${snake}_total_ip_counts`,
      `${camel}TotalIPCounts`,
      'Addresses',
      [label],
      of(u => u.total)
    ),
    gauge(
      ...([`${snake}_available_ip_counts`, `${camel}AvailableIPCounts`] as const),
      ...(['Addresses that are not in use at this node', [label]] as const),
      of(usage => usage.total - usage.used - usage.cooling)
    )
  ]
}

function poolsIn({ set }: Census, isSubnet: boolean): string[] {
  return [...set.pools.values()]
    .filter(pool => (pool.isSubnet === true) === isSubnet)
    .map(({ name }) => name)
}

function applications(census: Census): Sample[] {
  return poolsIn(census, true).map(name => {
    const usable = census.set.pools.get(name)?.usable
    const holders = census.subnets.flatMap(({ custody }) =>
      custody.runs.flatMap(({ start, register }) => {
        const holder = register.tail === '' ? undefined : bindOf(register.tail)?.holder
        return holder !== undefined && usable?.has(start) === true ? [holder] : []
      })
    )
    const applicationsOf = new Set(holders.filter(one => applicationOf(one) !== undefined))
    return { labels: { SpiderSubnet: subnetOfPoolName(name) ?? name }, value: applicationsOf.size }
  })
}

function answersOf({ answers }: Tally, verb: string): number {
  return answers.sum({ verb })
}

function failuresOf({ answers }: Tally, verb: string): number {
  return answers.sum({ verb }) - answers.sum({ verb, code: '0' })
}

function refusalsOf({ refused }: Tally, reasons: readonly string[]): number {
  return reasons.reduce((sum, reason) => sum + refused.sum({ reason }), 0)
}

function otherErrors(tally: Tally): number {
  return failuresOf(tally, 'ADD') - refusalsOf(tally, [...usedOut, ...noPool])
}

function gone({ released }: Tally): number {
  return released.sum({ cause: 'Reaped' })
}

function none(): number {
  return 0
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
