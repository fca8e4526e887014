// Parents of pods, on a host of links in memory: what is made, what is used as it is, what is refused, and that nothing is
// left of what fails.

import t from 'tap'
import type { ParentWishes } from '../../src/core/coordination/parent-wishes.ts'
import { NodeParents } from '../../src/coordinator/node-parents.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import { systemClock as clock } from '../../src/host/system-clock.ts'
import { keptLog } from '../support/link-lan.ts'
import { LinkHost } from '../support/link-host.ts'
import * as fc from '../support/property.ts'
import { ip } from '../support/samples.ts'

const log = keptLog()
const budgetMs = 1_000
const vlan: ParentWishes = { interfaces: ['eth1'], vlanId: 100 }
const bond: ParentWishes = {
  interfaces: ['eth1', 'eth2'],
  bond: { name: 'bond0', mode: 1, options: { numbers: { miimon: 100 } } }
}
const both: ParentWishes = { ...bond, vlanId: 100 }

function parentsOf(host: LinkHost): NodeParents {
  return new NodeParents({ kernel: host.kernel(), clock, log })
}

const made = { type: 'Made' }

t.test('what is missing is made, and then it is there (N00001, N00002, N00005)', async t => {
  const rows: [string, ParentWishes, string][] = [
    ['an interface that is down', { interfaces: ['eth3'] }, 'eth3'],
    ['a VLAN', vlan, 'eth1.100'],
    ['a bond', bond, 'bond0'],
    ['a VLAN of a bond', both, 'bond0.100']
  ]
  for (const [what, wishes, name] of rows) {
    const host = new LinkHost('eth1', 'eth2')
    host.put('eth3', { isUp: false })
    const parents = parentsOf(host)
    const before = await parents.examine(wishes, budgetMs)
    t.match(before, { differences: [new RegExp(wishes.interfaces.length > 1 ? 'bond0' : name)] })
    t.match(await parents.make(wishes, budgetMs), made, what)
    t.match(host.links.get(name), { isUp: true }, what)
    t.same(await parents.examine(wishes, budgetMs), { type: 'Examined', differences: [] })
    const ordered = host.ordered.length
    t.match(await parents.make(wishes, budgetMs), made)
    t.equal(host.ordered.length, ordered, 'a second pod finds all of it')
    if (wishes.bond === undefined) continue
    for (const slave of wishes.interfaces) {
      t.match(host.links.get(slave), { master: 'bond0', isUp: true }, slave)
    }
  }
})

t.test('what is there and down is set up (N00003)', async t => {
  const host = new LinkHost('eth1', 'eth2')
  await parentsOf(host).make(both, budgetMs)
  for (const name of ['eth2', 'bond0', 'bond0.100']) {
    host.carryOut({ type: 'SetLink', at: 'Host', name, change: { isUp: false } })
  }
  const before = host.ordered.length
  t.match(await parentsOf(host).examine(both, budgetMs), {
    differences: [/eth2 .*: master bond0, up$/, /bond0 is/, /bond0\.100 is/]
  })
  t.match(await parentsOf(host).make(both, budgetMs), made)
  t.equal(host.ordered.length, before + 3, 'and no more than that')
  t.same(await parentsOf(host).examine(both, budgetMs), { type: 'Examined', differences: [] })
})

t.test('a bond that lacks a link gets it, one that has more keeps it', async t => {
  const host = new LinkHost('eth1', 'eth2', 'eth3')
  host.put('bond0', { kind: 'bond', bondMode: 1 })
  host.put('eth1', { master: 'bond0' })
  host.put('eth3', { master: 'bond0' })
  t.match(await parentsOf(host).make(bond, budgetMs), made)
  t.match(
    ['eth1', 'eth2', 'eth3'].map(name => host.links.get(name)?.master),
    ['bond0', 'bond0', 'bond0']
  )
})

t.test('what is another one’s stays as it is', async t => {
  const rows: [ParentWishes, (host: LinkHost) => unknown, RegExp][] = [
    [{ interfaces: ['eth7'] }, () => {}, /^eth7 does not exist on the host, which has eth1, eth2$/],
    [vlan, host => host.put('eth1.100', { kind: 'macvlan' }), /eth1\.100 exists .* is a macvlan/],
    [
      vlan,
      host => host.put('eth1.100', { kind: 'vlan', vlanId: 7 }),
      /eth1\.100 exists .* is VLAN 7 of another link, not VLAN 100 of eth1/
    ],
    [
      vlan,
      host =>
        host.put('eth1.100', {
          ...{ kind: 'vlan', vlanId: 100 },
          parent: { index: host.links.get('eth2')?.index ?? 0, isElsewhere: false }
        }),
      /not VLAN 100 of eth1/
    ],
    [
      vlan,
      host => host.put('storage', { kind: 'vlan', vlanId: 100 }),
      /VLAN 100 exists on the host as storage/
    ],
    [bond, host => host.put('bond0', { kind: 'bridge' }), /bond0 exists .* is a bridge, no bond/],
    [bond, host => host.put('bond0'), /bond0 exists on the host and is an interface, no bond/],
    [
      bond,
      host => host.put('bond0', { kind: 'bond', bondMode: 4 }),
      /with mode 4 \(802\.3ad\), and is to have 1 \(active-backup\)/
    ],
    [bond, host => host.put('eth2', { master: 'br0' }), /eth2 belongs to br0 already/],
    [
      bond,
      host =>
        host.addresses.push({
          ...{ link: 'eth1', address: ip('192.0.2.7'), prefix: 24, scope: 0, isPermanent: true },
          ...{ isTentative: false, isDadFailed: false, isDeprecated: false },
          ...{ isNoDad: false, isNoPrefixRoute: false }
        }),
      /eth1 has addresses of the node, which it would lose in bond0/
    ]
  ]
  for (const [wishes, prepare, detail] of rows) {
    const host = new LinkHost('eth1', 'eth2')
    prepare(host)
    const parents = parentsOf(host)
    t.match(await parents.make(wishes, budgetMs), { type: 'NotMade', why: 'Settings', detail })
    t.match(await parents.examine(wishes, budgetMs), { differences: [detail] })
    t.same(host.ordered, [], 'nothing is touched')
  }
})

t.test('a VLAN is made once for a node under all names (N00004)', async t => {
  const host = new LinkHost('eth1', 'eth2')
  t.match(await parentsOf(host).make(vlan, budgetMs), made)
  t.match(await parentsOf(host).make({ ...vlan, interfaces: ['eth2'] }, budgetMs), {
    ...{ type: 'NotMade', why: 'Settings' },
    detail: /VLAN 100 exists on the host as eth1\.100, and is not made a second time as eth2\.100/
  })
  t.notOk(host.links.has('eth2.100'))
})

t.test('a kernel without the module is named', async t => {
  const host = new LinkHost('eth1', 'eth2')
  const refuse = (type: Operation['type']) => (one: Operation) =>
    one.type === type ? 'ENOTSUP Unknown device type' : undefined
  for (const [type, wishes, module] of [
    ['AddVlan', vlan, '8021q'],
    ['AddBond', bond, 'bonding']
  ] as const) {
    host.refuses = refuse(type)
    const detail = new RegExp(`Unknown device type; .* needs its module ${module} .*modprobe`)
    t.match(await parentsOf(host).make(wishes, budgetMs), {
      type: 'NotMade',
      why: 'Failed',
      detail
    })
  }
})

t.test('whatever fails, the host is as it was', async t => {
  for (const isUp of [true, false]) {
    for (let failing = 0; failing < 9; failing += 1) {
      const host = new LinkHost('eth1')
      host.put('eth2', { isUp })
      const before = host.text
      let done = 0
      host.refuses = () => ((done += 1) === failing + 1 ? 'ENOMEM' : undefined)
      const answer = await parentsOf(host).make(both, budgetMs)
      if (answer.type === 'Made') t.ok(failing >= host.ordered.length)
      else t.equal(host.text, before, `the operation ${failing}`)
    }
  }
})

t.test('who makes the same link at the same moment is no failure', async t => {
  const host = new LinkHost('eth1')
  let looks = 0
  host.onLook = () => {
    looks += 1
  }
  host.refuses = one => {
    if (one.type !== 'AddVlan' || host.links.has('eth1.100')) return undefined
    const parent = { index: host.links.get('eth1')?.index ?? 0, isElsewhere: false }
    host.put('eth1.100', { kind: 'vlan', vlanId: 100, parent, isUp: false })
    return undefined
  }
  t.match(await parentsOf(host).make(vlan, budgetMs), made)
  t.match(host.links.get('eth1.100'), { isUp: true })
  t.equal(looks, 3, 'it is looked at once more')
})

t.test('many pods at once, with what is wanted of one another', async () => {
  const wishes = fc.constantFrom(vlan, bond, both, { interfaces: ['eth3'], vlanId: 7 })
  await fc.assert(
    fc.asyncProperty(fc.array(wishes, { minLength: 1, maxLength: 8 }), async wanted => {
      const host = new LinkHost('eth1', 'eth2', 'eth3')
      const parents = parentsOf(host)
      const answers = await Promise.all(wanted.map(one => parents.make(one, budgetMs)))
      for (const [i, answer] of answers.entries()) {
        const one = wanted[i]
        if (answer.type === 'NotMade') {
          // One VLAN under two names, or a link that is in a bond already.
          if (answer.why !== 'Settings') return false
        } else if (one !== undefined) {
          const found = await parents.examine(one, budgetMs)
          if (found.type !== 'Examined' || found.differences.length > 0) return false
        }
      }
      const added = host.ordered.filter(({ type }) => type.startsWith('Add'))
      return new Set(added.map(one => JSON.stringify(one))).size === added.length
    })
  )
})
