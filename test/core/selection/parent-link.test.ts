// `match_master_subnet`: pools of the link that an interface is made from, and what is said of the others.

import t from 'tap'
import type { Demand } from '../../../src/core/demand.ts'
import type { IpPool } from '../../../src/core/ip-pool.ts'
import { decide } from '../../../src/core/selection/decide.ts'
import { factsOfNode } from '../../../src/core/selection/facts.ts'
import type { ParentLink } from '../../../src/core/selection/parent-link.ts'
import { ip, pool } from '../../support/samples.ts'

const a4 = pool('a4', '10.1.0.0/24', '10.1.0.2-10.1.0.9')
const b4 = pool('b4', '10.2.0.0/24', '10.2.0.2')
const networks = { clusterNetwork: 'kube-system/sriov', namespace: 'kube-system' }
const named: IpPool = { ...b4, name: 'named', affinity: { multusName: ['sriov'] } }
const shared: IpPool = { ...b4, name: 'shared', isSubnet: true }

function asked(parent: ParentLink, pools: readonly IpPool[], demand: Partial<Demand> = {}) {
  return decide({
    key: { ifname: 'eth0' },
    pod: {},
    demand: { requested: [], cleanGateway: false, parent, ...demand },
    facts: { ...factsOfNode('n1'), networks },
    pools: new Map(pools.map(one => [one.name, one])),
    siblings: []
  })
}

const zone = (...addresses: readonly string[]) => ({ name: 'ens1f0', addresses: addresses.map(ip) })

t.test('pools of the subnets in which the parent has an address', async t => {
  const rows: [string, ParentLink, readonly IpPool[], readonly string[]][] = [
    ['one of two', zone('10.2.0.1'), [a4, b4], ['b4']],
    ['both', zone('10.2.0.1', '10.1.0.254', 'fe80::1'), [a4, b4], ['a4', 'b4']],
    ['a pool that names networks', zone('10.1.0.1'), [named], ['named']],
    ['of an application', zone('10.1.0.1'), [{ ...shared, isDefault: true }], ['shared']]
  ]
  for (const [why, parent, pools, fit] of rows) {
    const [first] = asked(parent, pools).interfaces
    const verdicts = first?.families.flatMap(family => family.verdicts) ?? []
    t.same(
      verdicts.flatMap(({ pool: { name }, misfit }) => (misfit === undefined ? [name] : [])),
      fit,
      why
    )
  }
})

t.test('none matches', async t => {
  t.same(asked(zone('10.3.0.1', 'fd00::1'), [a4]).refusal, {
    reason: 'NoPoolFits',
    why: [
      'pool a4 is of another link: match_master_subnet asks for an address in 10.1.0.0/24, and ens1f0 has 10.3.0.1, fd00::1'
    ]
  })
  t.match(asked(zone(), [a4]).refusal, { why: [/and ens1f0 has none$/] })
  t.match(asked({ unknown: 'x is no virtual function' }, [a4]).refusal, {
    why: [/and x is no virtual function$/]
  })
})

t.test('of interfaces that are decided along with it nobody knows the device', async t => {
  const ippools = [
    { interface: 'eth0', ipv4: ['b4'] },
    { interface: 'net1', ipv4: ['a4'] }
  ]
  const annotations = { 'ipam.spidernet.io/ippools': JSON.stringify(ippools) }
  const decision = asked(zone('10.2.0.1'), [a4, b4], { annotations })
  t.equal(decision.refusal, undefined)
  t.match(asked(zone('10.1.0.1'), [a4, b4], { annotations }).refusal, { why: [/^pool b4 /] })
})
