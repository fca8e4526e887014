// What /metrics really exports of a house in which something happened, read back from its text.

import type { NodeEvent } from '../../src/core/event.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { Tally } from '../../src/telemetry/tally.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'

export interface Exported {
  readonly type: string
  readonly help: string
  /** Of all its samples, without `le`. */
  readonly labels: ReadonlySet<string>
  /** By the text of their labels: `{pool="blue"}`, empty without any. */
  readonly samples: ReadonlyMap<string, number>
}

export interface Text {
  readonly contentType: string
  readonly text: string
  readonly metrics: ReadonlyMap<string, Exported>
}

/** One event of each kind that has labels, so that every series is there. */
export const happenings: readonly NodeEvent[] = [
  {
    ...{ type: 'Answered', verb: 'ADD', code: 0, ms: 1.2, decidingMs: 1 },
    trace: '4bf92f3577b34da6a3ce929d0e0e4736'
  },
  { type: 'Answered', verb: 'ADD', code: 102, ms: 2.2, decidingMs: 2 },
  { type: 'Answered', verb: 'DEL', code: 0, ms: 1.1, decidingMs: 0.9 },
  { type: 'Committed', changes: 3, ms: 0.2, isDurable: true },
  {
    type: 'Allocated',
    key: key('c1'),
    pod: {},
    addresses: [{ address: ip('10.9.0.2'), pool: 'blue' }]
  },
  {
    ...{ type: 'Released', key: key('c1'), pod: {}, cause: 'Reaped' },
    addresses: [{ address: ip('10.9.0.2'), pool: 'blue' }]
  },
  {
    ...{ type: 'Refused', key: key('c1'), pod: {}, reason: 'PoolExhausted' },
    ...{ pools: ['blue', 'red'], addresses: [] }
  },
  { type: 'Quarantined', address: ip('10.9.0.2'), mac: '02:00:00:00:00:01' },
  {
    ...{ type: 'LeaseReceived', subnet: '10.9.0.0/29', from: { member: 2, node: 'n2' } },
    runs: [
      {
        ...{ start: ip('10.9.0.0'), end: ip('10.9.0.8') },
        register: { fence: 3, seq: 1, owner: 1, writer: 2, wctr: 4, tail: '' }
      }
    ]
  },
  { type: 'ActorCrashed', actor: 'subnet', error: 'a mistake' },
  { type: 'OrderGiven', order: '/v1/drain', body: {}, status: 200, by: 'root' }
]

const subnetDocument = {
  ...poolDocument('apps', '10.8.0.0/24', ['10.8.0.2-10.8.0.9']),
  kind: 'SpiderSubnet' as const,
  spec: { subnet: '10.8.0.0/24', ips: ['10.8.0.2-10.8.0.9'] }
}

export async function scrape(accept = '*/*', events = happenings): Promise<Text> {
  const house = await new TestHouse([
    poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6']),
    subnetDocument
  ]).open()
  await house.add(key('c1'))
  const tally = new Tally(house.clock)
  for (const event of events) tally.count(event)
  if (events.length > 0) tally.mesh.add(['Ask', 'sent'])
  const metrics = new Metrics({
    ...{ tally, house: house.house, release: '1.2.3', queueDir: '/', clock: house.clock }
  })
  // What is measured between two scrapes is there with a later one.
  let { type, content } = await metrics.expose(accept)
  for (let i = 0; i < 100 && !content.includes('{quantile='); i += 1) {
    await new Promise(resolve => setTimeout(resolve, 60))
    ;({ type, content } = await metrics.expose(accept))
  }
  metrics.stop()
  return { contentType: type, text: content, metrics: parse(content) }
}

function parse(text: string): Map<string, Exported> {
  const metrics = new Map<string, Exported>()
  let help = ''
  let current: { labels: Set<string>; samples: Map<string, number> } | undefined
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === 'HELP') help = rest
    if (kind === 'TYPE') {
      const fresh = {
        type: rest,
        help,
        labels: new Set<string>(),
        samples: new Map<string, number>()
      }
      metrics.set(name, fresh)
      current = fresh
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/.exec(line)
    if (sample === null || current === undefined) continue
    const [, , labels = '', value = ''] = sample
    for (const [, label = ''] of labels.matchAll(/([a-zA-Z_]\w*)="/g)) {
      if (label !== 'le') current.labels.add(label)
    }
    if (!/_(bucket|sum)$/.test(sample[1] ?? '')) current.samples.set(labels, Number(value))
  }
  return metrics
}
