// The whole decision, for a person.

import t from 'tap'
import { explain } from '../../../src/core/selection/explain.ts'
import { factsOfNode } from '../../../src/core/selection/facts.ts'
import { pool } from '../../support/samples.ts'

const a = pool('a', '10.1.0.0/24', '10.1.0.2-10.1.0.9')
const far = { ...pool('far', '10.2.0.0/24', '10.2.0.2'), affinity: { nodeName: ['n9'] } }
const pools = new Map([a, far].map(one => [one.name, one]))
const usage = { pool: 'a', total: 8n, used: 3n, cooling: 1n, free: 4n }

const question = {
  key: { ifname: 'eth0' },
  pod: { namespace: 'web', name: 'p' },
  facts: factsOfNode('n1'),
  pools,
  siblings: []
}

t.test('#2042: every level, every candidate, why not, how full', async t => {
  const demand = {
    requested: [],
    cleanGateway: false,
    annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["far"]}' },
    pools: { 4: ['far', 'a'], 6: [] }
  }
  const misfit = 'pool far is for the nodes n9'
  t.match(explain({ ...question, demand }, new Map([['a', usage]])), {
    refusal: undefined,
    levels: [
      {
        level: 'Pod',
        source: 'annotation ipam.spidernet.io/ippool of the pod',
        decides: true,
        refusal: { reason: 'NoPoolFits', why: [misfit] },
        interfaces: [
          { ifname: 'eth0', families: [{ family: 4, candidates: [{ pool: 'far', misfit }] }] }
        ]
      },
      {
        level: 'Network',
        decides: false,
        interfaces: [
          {
            families: [
              {
                candidates: [
                  { pool: 'far', misfit },
                  { pool: 'a', usage }
                ]
              }
            ]
          }
        ]
      },
      { level: 'Default', decides: false }
    ]
  })
})

t.test('what cannot be read is said before all', async t => {
  const annotations = { 'ipam.spidernet.io/ippool': '{' }
  const demand = { requested: [], cleanGateway: false, annotations }
  t.match(explain({ ...question, demand }), {
    levels: [],
    refusal: { reason: 'AnnotationInvalid', problems: [/^ipam\.spidernet\.io\/ippool: is no JSON/] }
  })
})
