// /metrics: what is exported is documented and the other way round, and it says what happened.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { allMetrics } from '../../src/telemetry/metrics.ts'
import { Counters } from '../../src/telemetry/counters.ts'
import { Histogram } from '../../src/telemetry/histogram.ts'
import { scrape } from './exposed.ts'

const documented = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')

t.test('what is documented is exported, and nothing else', async t => {
  const { metrics } = await scrape()
  const rows = [...documented.matchAll(/^\| (`[^|]+`) \| (\w+) \| ([^|]*) \|/gm)]
  const told = rows.flatMap(([, names = '', type = '', labels = '']) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({
      ...{ name, type },
      labels: [...labels.matchAll(/`([^`]+)`/g)].map(([, label = '']) => label).sort()
    }))
  )
  const exported = [...metrics].map(([name, { type, labels }]) => ({
    ...{ name, type },
    labels: [...labels].sort()
  }))
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  t.same(exported.sort(byName), told.sort(byName))
  t.equal(metrics.size, allMetrics.length, 'no name is there twice')
})

t.test('labels are the ones that a metric says it has', async t => {
  const { metrics } = await scrape()
  for (const { name, labels } of allMetrics) {
    t.same([...(metrics.get(name)?.labels ?? [])].sort(), [...labels].sort(), name)
  }
})

t.test('it says what happened', async t => {
  const { metrics, contentType } = await scrape()
  t.match(contentType, /^text\/plain; version=0\.0\.4/)
  const value = (name: string, labels = '') => metrics.get(name)?.samples.get(labels)
  const rows: [string, string, number][] = [
    ['orbweaver_cni_answers_total', '{verb="ADD",code="102"}', 1],
    ['orbweaver_refusals_total', '{reason="PoolExhausted",pool="red"}', 1],
    ['orbweaver_addresses_released_total', '{pool="blue",cause="Reaped"}', 1],
    ['orbweaver_lease_moved_addresses_total', '{subnet="10.9.0.0/29",direction="received"}', 8],
    ['orbweaver_pool_addresses', '{pool="blue",state="used"}', 1],
    ['orbweaver_pool_addresses', '{pool="blue",state="free"}', 4],
    ['orbweaver_custody_addresses', '{subnet="10.9.0.0/29"}', 8],
    ['orbweaver_subnet_serving', '{subnet="10.9.0.0/29"}', 1],
    ['orbweaver_draining', '', 0],
    ['orbweaver_members', '{state="reachable"}', 0],
    ['orbweaver_commit_duration_seconds', '', 1],
    ['spiderpool_ipam_allocation_counts_total', '', 2],
    ['spiderpool_ipamAllocationCountsName_total', '', 2],
    ['spiderpool_ipam_allocation_failure_counts_total', '', 1],
    ['spiderpool_ipam_allocation_err_ip_used_out_counts_total', '', 1],
    ['spiderpool_ipam_allocation_err_internal_counts_total', '', 0],
    ['spiderpool_ipam_allocation_latest_duration_seconds', '', 0.0022],
    ['spiderpool_ipam_allocation_max_duration_seconds', '', 0.0022],
    ['spiderpool_ipam_allocation_min_duration_seconds', '', 0.0012],
    ['spiderpool_ipam_allocation_duration_seconds', '', 2],
    ['spiderpool_ipam_release_counts_total', '', 1],
    ['spiderpool_ip_gc_counts_total', '', 1],
    ['spiderpool_total_ippool_counts', '', 1],
    ['spiderpool_total_subnet_counts', '', 1],
    ['spiderpool_debug_ippool_total_ip_counts', '{SpiderIPPool="blue"}', 5],
    ['spiderpool_debug_ippool_available_ip_counts', '{SpiderIPPool="blue"}', 4],
    ['spiderpool_debug_subnet_total_ip_counts', '{SpiderSubnet="apps"}', 8],
    ['spiderpool_debug_subnet_ippool_counts', '{SpiderSubnet="apps"}', 0]
  ]
  for (const [name, labels, expected] of rows) t.equal(value(name, labels), expected, name + labels)
})

t.test('OpenMetrics for who takes it', async t => {
  const { contentType, text } = await scrape('application/openmetrics-text; version=1.0.0')
  t.match(contentType, /^application\/openmetrics-text/)
  t.match(text, /^# TYPE orbweaver_cni_answers counter\norbweaver_cni_answers_total\{/m)
  t.match(text, /\n# EOF\n$/)
  t.match(
    text,
    /phase="whole",result="success",le="0\.0015"\} 1 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 0\.0012 \d+/,
    'a bucket names a trace that fell into it'
  )
})

t.test('a node to which nothing happened', async t => {
  const { metrics } = await scrape('*/*', [])
  t.equal(metrics.get('spiderpool_ipam_allocation_counts_total')?.samples.get(''), 0)
  t.equal(metrics.get('spiderpool_ipam_allocation_min_duration_seconds')?.samples.get(''), 0)
  t.equal(metrics.get('orbweaver_quarantines_total')?.samples.get(''), 0)
})

t.test('labels cannot grow without an end', async t => {
  const counters = new Counters('pool')
  for (let i = 0; i < 5_000; i += 1) counters.add([`pool-${i}`])
  const samples = counters.samples()
  t.equal(samples.length, 2_001)
  t.equal(samples.find(({ labels }) => labels['pool'] === 'other')?.value, 3_000)
  t.equal(counters.sum(), 5_000)
})

t.test('a histogram counts up to its bounds', async t => {
  const histogram = new Histogram([1, 2])
  for (const value of [0.5, 1, 1.5, 3]) histogram.observe(value)
  t.same(
    histogram.samples().map(({ labels, value, suffix }) => [suffix, labels['le'], value]),
    [
      ['_bucket', '1', 2],
      ['_bucket', '2', 3],
      ['_bucket', '+Inf', 4],
      ['_sum', undefined, 6],
      ['_count', undefined, 4]
    ]
  )
  t.same(histogram.extremes, { average: 1.5, max: 3, min: 0.5, latest: 3 })
})
