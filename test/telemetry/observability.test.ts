// deploy/observability: every expression of the dashboard and of the alerts parses, and names what is exported.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { allMetrics } from '../../src/telemetry/metrics.ts'
import type { Exported } from './exposed.ts'
import { scrape } from './exposed.ts'
import { readExpression } from './promql.ts'

const read = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../deploy/observability', name), 'utf8')

/** Prometheus adds them to everything that it scrapes. */
const scraped = ['instance', 'job']

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: { readonly summary: string; readonly description: string }
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
}

const rules = (parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  group => group.rules
)
const dashboard = JSON.parse(read('dashboard.json')) as {
  panels: Panel[]
  templating: { list: { name: string; query: string }[] }
}

/** What is wrong with an expression; empty when nothing is. */
function mistakesOf(text: string, metrics: ReadonlyMap<string, Exported>): string[] {
  const { selectors, grouping, mistakes } = readExpression(text)
  const wrong = [...mistakes]
  if (selectors.length === 0) wrong.push('it selects nothing')
  const labels = new Set(scraped)
  for (const { metric, labels: used } of selectors) {
    const base = metric.replace(/_(bucket|sum|count)$/, '')
    const isPart = base !== metric && metrics.get(base)?.type === 'histogram'
    const found = metrics.get(isPart ? base : metric)
    if (found === undefined || (found.type === 'histogram' && !isPart)) {
      wrong.push(`${metric} is not exported`)
      continue
    }
    const has = new Set([
      ...scraped,
      ...found.labels,
      ...(metric.endsWith('_bucket') ? ['le'] : [])
    ])
    for (const label of has) labels.add(label)
    for (const label of used) if (!has.has(label)) wrong.push(`${metric} has no label ${label}`)
    if (found.type === 'counter' && !new RegExp(`(rate|increase)\\(${metric}`).test(text)) {
      wrong.push(`${metric} only grows; take its rate`)
    }
  }
  for (const label of grouping) if (!labels.has(label)) wrong.push(`nothing has a label ${label}`)
  return wrong
}

/** As Grafana does before it asks. */
function withoutVariables(text: string): string {
  return text.replaceAll('$__rate_interval', '5m').replaceAll(/\$(\w+)/g, 'x')
}

t.test('alerts name what is exported, and say what to do', async t => {
  const { metrics } = await scrape()
  t.ok(rules.length > 10)
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
  for (const { alert, expr, labels, annotations } of rules) {
    t.same(mistakesOf(expr, metrics), [], alert)
    t.match(labels, { severity: /^(critical|warning|info)$/ }, alert)
    t.ok(annotations.summary !== '' && annotations.description !== '', alert)
    const { selectors, grouping } = readExpression(expr)
    const left = new Set([
      ...grouping,
      ...(grouping.length > 0 ? [] : labelsOf(selectors, metrics))
    ])
    const texts = `${annotations.summary} ${annotations.description}`
    for (const [, label = ''] of texts.matchAll(/\$labels\.(\w+)/g)) {
      t.ok(left.has(label), `${alert} still has the label ${label} when it fires`)
    }
  }
})

function labelsOf(
  selectors: readonly { readonly metric: string }[],
  metrics: ReadonlyMap<string, Exported>
): string[] {
  return selectors.flatMap(({ metric }) => [...scraped, ...(metrics.get(metric)?.labels ?? [])])
}

t.test('panels name what is exported', async t => {
  const { metrics } = await scrape()
  const targets = dashboard.panels.flatMap(({ title, targets: all = [] }) =>
    all.map(one => ({ ...one, title }))
  )
  t.ok(targets.length > 20)
  for (const { title, expr, legendFormat } of targets) {
    t.same(mistakesOf(withoutVariables(expr), metrics), [], `${title}: ${legendFormat}`)
  }
  const known = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval'])
  const variables = targets.flatMap(({ expr }) =>
    [...expr.matchAll(/\$(\w+)/g)].map(m => m[1] ?? '')
  )
  t.same(
    variables.filter(name => !known.has(name)),
    []
  )
  for (const { query } of dashboard.templating.list) {
    const [, selector] = /^label_values\((.*), \w+\)$/.exec(query) ?? []
    if (selector !== undefined) t.same(mistakesOf(withoutVariables(selector), metrics), [], query)
  }
})

t.test('panels lie beside one another', async t => {
  const { panels } = dashboard
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const [i, { title, gridPos: a }] of panels.entries()) {
    t.ok(a.x + a.w <= 24, title)
    const over = panels.slice(i + 1).find(({ gridPos: b }) => {
      return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
    })
    t.equal(over?.title, undefined, title)
  }
})

t.test('mistakes are found', async t => {
  const { metrics } = await scrape()
  const rows: [string, RegExp][] = [
    ['rate(orbweaver_cni_answers[5m])', /not exported/],
    ['sum by (pod) (orbweaver_members)', /no.* label pod|nothing has a label pod/],
    ['orbweaver_members{pool="x"}', /no label pool/],
    ['orbweaver_events_total > 3', /only grows/],
    ['rate(orbweaver_commit_duration_seconds[5m])', /not exported/],
    ['sum(orbweaver_members', /at \d+/],
    ['1 + 1', /selects nothing/],
    ['ipam_allocation_failure_counts > 0', /not exported/]
  ]
  for (const [expr, mistake] of rows) t.match(mistakesOf(expr, metrics).join(), mistake, expr)
})

t.test("Spiderpool's documented queries find what they name", async t => {
  const { metrics } = await scrape()
  for (const name of [
    'spiderpool_ipam_allocation_counts_total',
    'spiderpool_ipam_release_counts_total'
  ]) {
    t.same(mistakesOf(`sum(rate(${name}[5m]))`, metrics), [])
  }
  const p99 =
    'histogram_quantile(0.99, sum(rate(spiderpool_ipam_allocation_duration_seconds_bucket[5m])) by (le))'
  t.same(mistakesOf(p99, metrics), [])
  const documented = allMetrics.filter(({ name }) => /^spiderpool_[a-z_]+$/.test(name))
  const later = allMetrics.filter(({ name }) => /^spiderpool_.*Name(_total)?$/.test(name))
  t.equal(documented.length, later.length)
})
