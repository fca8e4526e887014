// What /metrics answers, in the format of Prometheus or OpenMetrics. prom-client writes it, and is loaded for the first
// scrape: a node that nobody scrapes pays nothing for it.

import { readdir } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../ports/clock.ts'
import { type CensusHouse, takeCensus } from './census.ts'
import type { Metric, ProcessFigures, Scene } from './metric.ts'
import { ownMetrics } from './own-metrics.ts'
import { processMetrics } from './process-metrics.ts'
import { spiderpoolMetrics } from './spiderpool-metrics.ts'
import { stateMetrics } from './state-metrics.ts'
import type { Tally } from './tally.ts'

export const allMetrics: readonly Metric[] = [
  ...ownMetrics,
  ...stateMetrics,
  ...spiderpoolMetrics,
  ...processMetrics
]

/** Twenty times a second is often enough to see a loop that is late by a millisecond now and then. */
const loopResolutionMs = 50
const quantiles = [0.5, 0.9, 0.99]

export interface MetricsOptions {
  readonly tally: Tally
  readonly house: CensusHouse | { readonly why: string }
  readonly release: string
  readonly queueDir: string
  readonly clock: Clock
}

export interface Exposition {
  readonly type: string
  readonly content: string
}

export class Metrics {
  readonly #options: MetricsOptions
  readonly #loop = monitorEventLoopDelay({ resolution: loopResolutionMs })
  readonly #startedAt: number

  constructor(options: MetricsOptions) {
    this.#options = options
    this.#startedAt = options.clock.wallMs() / 1_000 - process.uptime()
  }

  /** `accept`: the header of the request; who takes OpenMetrics gets it. */
  async expose(accept: string): Promise<Exposition> {
    const { default: Registry } = await import('prom-client/lib/registry.js')
    const isOpen = accept.includes('application/openmetrics-text')
    const registry = new Registry(
      isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE
    )
    const scene = await this.#scene()
    for (const metric of allMetrics) registry.registerMetric(exposed(metric, scene, isOpen))
    return { type: registry.contentType, content: await registry.metrics() }
  }

  async #scene(): Promise<Scene> {
    const { tally, house, clock } = this.#options
    const census = 'why' in house ? undefined : await takeCensus(house, clock)
    return { tally, census, process: await this.#process() }
  }

  async #process(): Promise<ProcessFigures> {
    const { release, queueDir } = this.#options
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    const queue = await readdir(queueDir).catch(() => undefined)
    return {
      ...{ release, node: process.version, loopDelays: this.#loopDelays() },
      queued: queue?.filter(name => name.endsWith('.del') && !name.startsWith('.')).length,
      cpuSeconds: (user + system) / 1_000_000,
      ...{ residentBytes: rss, heapBytes: heapUsed, startedAt: this.#startedAt }
    }
  }

  /** Measured from the first scrape on. */
  #loopDelays(): Map<string, number> {
    const loop = this.#loop
    // What is measured is the time between two rounds of a timer.
    const late = (ns: number) => Math.max(0, ns / 1e9 - loopResolutionMs / 1_000)
    const delays = new Map<string, number>()
    if (loop.count > 0) {
      for (const quantile of quantiles)
        delays.set(String(quantile), late(loop.percentile(quantile * 100)))
      delays.set('1', late(loop.max))
    }
    loop.reset()
    loop.enable()
    return delays
  }

  stop(): void {
    this.#loop.disable()
  }
}

/** As prom-client wants it; in OpenMetrics the name of a counter has no `_total`, its samples have. */
function exposed({ name, type, help, read }: Metric, scene: Scene, isOpen: boolean) {
  const values = read(scene).map(({ labels, value, suffix, exemplar }) => ({
    ...{ labels, value },
    ...(exemplar !== undefined && {
      exemplar: {
        labelSet: { trace_id: exemplar.trace },
        value: exemplar.value,
        timestamp: exemplar.atMs / 1_000
      }
    }),
    ...(suffix !== undefined && { metricName: `${name}${suffix}` })
  }))
  const shown = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name
  return { name: shown, get: () => Promise.resolve({ name: shown, type, help, values }) }
}
