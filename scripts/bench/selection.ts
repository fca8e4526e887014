// What the choice among many pools costs: the same `decide` that the daemon calls, over 1,000 pools with affinities.

import { buildPoolSet } from '../../src/core/pool-set.ts'
import { decide } from '../../src/core/selection/decide.ts'
import type { Question } from '../../src/core/selection/question.ts'
import { factsOfNode } from '../../src/core/selection/facts.ts'
import type { PoolDocument } from '../../src/ports/pool-source.ts'
import { breathe } from './command.ts'
import { type Figure, figure } from './figures.ts'
import type { Group } from './group.ts'
import { median, percentile } from './statistics.ts'

const count = 1_000
const usMax = 1_000
/** Decisions between two looks at the clock of the event loop. */
const atOnce = 100

const zones = ['a', 'b', 'c', 'd']

/** All are default pools; one in 250 is for the pod, and each has three selectors and a list to say so. */
function poolOf(i: number): PoolDocument {
  const [zone, app] = [zones[i % zones.length] ?? '', `app-${i % 250}`]
  return {
    kind: 'SpiderIPPool',
    name: `pool-${i}`,
    source: `pool-${i}.yaml`,
    spec: {
      subnet: `10.${i >> 8}.${i & 255}.0/24`,
      ips: [`10.${i >> 8}.${i & 255}.10-10.${i >> 8}.${i & 255}.200`],
      default: true,
      podAffinity: {
        matchLabels: { app },
        matchExpressions: [{ key: 'tier', operator: 'In', values: ['web', 'cache'] }]
      },
      nodeAffinity: { matchExpressions: [{ key: 'gpu', operator: 'DoesNotExist' }] },
      namespaceAffinity: { matchLabels: { zone } },
      multusName: ['kube-system/underlay', 'kube-system/storage']
    }
  }
}

export const selection: Group = async run => {
  const { pools } = buildPoolSet(Array.from({ length: count }, (_, i) => poolOf(i)))
  const own = factsOfNode('node-1', {
    namespace: 'kube-system',
    clusterNetwork: 'kube-system/underlay'
  })
  const question: Question = {
    key: { ifname: 'eth0' },
    pod: { namespace: 'default', name: 'web' },
    demand: { requested: [], cleanGateway: false },
    pools,
    siblings: [],
    facts: {
      ...own,
      node: { name: 'node-1', labels: { zone: 'b' } },
      namespace: { labels: { zone: 'b' }, annotations: {} },
      pod: { labels: { app: 'app-5', tier: 'web' }, annotations: {}, isGone: false }
    }
  }
  const annotated = (list: unknown): Question => ({
    ...question,
    demand: {
      ...question.demand,
      annotations: { 'ipam.spidernet.io/ippool': JSON.stringify({ ipv4: list }) }
    }
  })
  const rounds = run.quick ? 5 : 50
  return [
    ...(await timed('all of them default', question, rounds)),
    ...(await timed('a wildcard like all of them', annotated(['pool-*']), rounds)),
    ...(await timed('three by name', annotated(['pool-5', 'pool-505', 'pool-255']), rounds))
  ]
}

async function timed(what: string, question: Question, rounds: number): Promise<Figure[]> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < atOnce; i += 1) {
      const began = process.hrtime.bigint()
      const { interfaces, refusal } = decide(question)
      times.push(Number(process.hrtime.bigint() - began) / 1_000)
      if (refusal !== undefined || interfaces.length !== 1) {
        throw new Error(`nothing was chosen: ${JSON.stringify(refusal)}`)
      }
    }
    await breathe()
  }
  return [
    figure(`choice among ${count} pools, ${what}, p50`, median(times), 'µs', { atMost: usMax }),
    figure(`choice among ${count} pools, ${what}, p99`, percentile(times, 0.99), 'µs')
  ]
}
