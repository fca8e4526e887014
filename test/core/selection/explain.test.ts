// The whole decision, for a person.

import t from 'tap'
import { type Address, parseAddress } from '../../../src/core/address.ts'
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

t.test('what is kept or reserved, and the link that a pool does not match', async t => {
  const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', replicas: 1 }
  const known = { labels: {}, annotations: {}, isGone: false, owner: set }
  const kept = parseAddress('10.1.0.4') as Address
  const facts = { ...factsOfNode('n1'), pod: known }
  const keeps = { identity: 'StatefulSet/web/db-0', of: () => [kept], spare: 1 }
  const parent = { name: 'uplink', addresses: [] }
  const demand = { requested: [], cleanGateway: false, pools: { 4: ['a'], 6: [] } }
  const [shown] = explain({ ...question, facts, keeps, demand }).levels
  t.match(shown?.interfaces[0]?.families, [{ family: 4, kept: '10.1.0.4' }])
  const [unfit] = explain({ ...question, demand: { ...demand, parent } }).levels
  t.match(unfit?.interfaces[0]?.families[0]?.candidates, [{ pool: 'a', misfit: /uplink/ }])
  const racks = { ...a, name: 'subnet/racks', isSubnet: true as const }
  const web = { ...set, kind: 'Deployment', name: 'web', uid: 'x-1a2b3' }
  const asking = { 'ipam.spidernet.io/subnet': '{"ipv4":["racks"]}' }
  const [reserving] = explain({
    ...question,
    pools: new Map([[racks.name, racks]]),
    facts: { ...facts, pod: { ...known, owner: web } },
    keeps: { of: () => [kept], spare: 1 },
    demand: { requested: [], cleanGateway: false, annotations: asking }
  }).levels
  const reserved = { name: 'auto4-web-eth0-1a2b3', size: 2, addresses: ['10.1.0.4'] }
  t.match(reserving?.interfaces[0]?.families, [{ reserved }])
})
