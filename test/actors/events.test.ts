// What the actors tell people, and when: after the commit, once, with what it was about.

import t from 'tap'
import type { NodeEvent } from '../../src/core/event.ts'
import { type Mac, parseMac } from '../../src/core/link/mac.ts'
import { ScriptedLink } from '../support/link-script.ts'
import { MemoryFacts } from '../support/memory-facts.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { TestCluster } from '../support/test-cluster.ts'
import { refuses, TestHouse } from '../support/test-house.ts'

const pod = { namespace: 'shop', name: 'web-0', uid: 'u-0' }
const inBlue = (text: string) => [{ address: ip(text), pool: 'blue' }]

function of<Type extends NodeEvent['type']>(events: readonly NodeEvent[], type: Type) {
  return events.filter((one): one is Extract<NodeEvent, { type: Type }> => one.type === type)
}

t.test('the life of an address', async t => {
  const house = await new TestHouse().open()
  await house.add(key('c1'), { pod })
  await house.del(key('c1'))
  await house.pass(40_000)
  const told = house.events.filter(({ type }) => ['Allocated', 'Released', 'Cooled'].includes(type))
  t.same(told, [
    { type: 'Allocated', key: key('c1'), pod, addresses: inBlue('10.9.0.2') },
    { type: 'Released', key: key('c1'), pod, addresses: inBlue('10.9.0.2'), cause: 'DEL' },
    { type: 'Cooled', addresses: [ip('10.9.0.2')] }
  ])
})

t.test('nothing is told that the disk refused', async t => {
  const house = await new TestHouse().open()
  house.store.fault = refuses
  await house.add(key('c1'))
  t.same(of(house.events, 'Allocated'), [])
  house.store.fault = () => {}
  await house.add(key('c1'))
  house.store.fault = refuses
  await house.del(key('c1'))
  t.same(of(house.events, 'Released'), [])
  house.store.fault = () => {}
  await house.pass(2_000)
  t.equal(of(house.events, 'Released').length, 1, 'and once when it takes it')
})

t.test('why an address was let go', async t => {
  const causes = async (end: (house: TestHouse) => Promise<unknown>) => {
    const house = await new TestHouse().open()
    await house.add(key('c1'), { path: '/run/netns/c1' })
    await end(house)
    return of(house.events, 'Released').map(({ cause, why }) => [cause, why])
  }
  t.same(await causes(house => house.gc('net1', [])), [['GC', undefined]])
  t.same(
    await causes(async house => {
      house.namespaces.gone.add('/run/netns/c1')
      await house.pass(200_000)
    }),
    [['Reaped', 'the namespace at /run/netns/c1 is gone and nothing holds it']]
  )
  const house = await new TestHouse().open()
  const { client } = house.start(key('c1'))
  await house.pass(1)
  house.house.allocator.tell({ type: 'Abandon', key: key('c1'), client })
  await house.pass(1)
  t.equal(of(house.events, 'Released')[0]?.cause, 'NotAcknowledged')
})

t.test('pools and crashes', async t => {
  const house = await new TestHouse().open()
  t.same(of(house.events, 'PoolChanged'), [{ type: 'PoolChanged', pool: 'blue', change: 'Added' }])
  house.pools.change([poolDocument('green', '10.8.0.0/24', ['10.8.0.2']), broken])
  await house.pass(1)
  t.same(of(house.events, 'PoolChanged').slice(1), [
    { type: 'PoolChanged', pool: 'green', change: 'Added' },
    { type: 'PoolChanged', pool: 'blue', change: 'Removed' }
  ])
  t.match(of(house.events, 'PoolRefused'), [{ source: 'red.yaml', problem: /subnet/ }])
  house.store.fault = () => {
    throw new Error('a mistake of ours')
  }
  house.start(key('c1'))
  await house.pass(1)
  t.same(of(house.events, 'ActorCrashed'), [
    { type: 'ActorCrashed', actor: 'allocator', error: 'a mistake of ours' }
  ])
})

const broken = poolDocument('red', 'nonsense', [])

t.test('an address that a foreign host has, and when it is back', async t => {
  const house = new TestHouse()
  const link = new ScriptedLink()
  house.link = {
    prober: link,
    policy: { conflict: true, gateway: false, budgetMs: 2_000 }
  }
  await house.open()
  link.squat(ip('10.9.0.2'), parseMac('02:00:00:00:00:09') as Mac)
  t.same(await house.add(key('c1')), [ip('10.9.0.3')])
  t.same(of(house.events, 'Quarantined'), [
    { type: 'Quarantined', address: ip('10.9.0.2'), mac: '02:00:00:00:00:09' }
  ])
  t.same(of(house.events, 'QuarantineEnded'), [])
  await house.pass(11 * 60_000, 5_000)
  t.same(of(house.events, 'QuarantineEnded'), [
    { type: 'QuarantineEnded', address: ip('10.9.0.2') }
  ])
})

t.test('for whom an address is kept, and that people drain a node', async t => {
  const house = new TestHouse()
  const facts = new MemoryFacts()
  house.facts = facts
  await house.open()
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web' }
  facts.tellPod(pod, { owner })
  facts.tellWorkload({ ...owner, namespace: 'shop' }, { replicas: 3 })
  await house.add(key('c1'), { pod })
  t.match(of(house.events, 'Kept'), [
    { subnet: '10.9.0.0/29', address: ip('10.9.0.2'), holder: /^StatefulSet\/shop\/web-0/ }
  ])
  for (const draining of [true, false]) {
    house.house.secretary.tell({ type: 'OrderDrain', draining, replyTo: () => {} })
    await house.pass(1)
  }
  t.same(
    house.events.map(({ type }) => type).filter(type => type.startsWith('Drain')),
    ['DrainBegun', 'DrainEnded']
  )
})

t.test('custody that moves is told at both ends, and who came', async t => {
  const cluster = new TestCluster([poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.3'])])
  const first = await cluster.start('n1')
  const second = await cluster.start('n2')
  await cluster.until(() => of(first.events, 'MemberReachable').some(({ node }) => node === 'n2'))
  t.same(
    of(first.events, 'MemberJoined').map(({ node, member }) => [node, member]),
    [
      ['n1', 1],
      ['n2', 2]
    ]
  )
  t.ok(of(first.events, 'LeaseAssigned').length > 0, 'the first one has the range')
  t.type(await second.add(key('c1'), pod), Array)
  const granted = of(first.events, 'LeaseGranted')
  const received = of(second.events, 'LeaseReceived')
  t.match(granted[0], { to: { member: 2, node: 'n2' }, subnet: '10.9.0.0/29' })
  t.match(received[0], { from: { member: 1, node: 'n1' }, subnet: '10.9.0.0/29' })
  const runs = (events: readonly { readonly runs: readonly { readonly start: bigint }[] }[]) =>
    events.flatMap(event => event.runs.map(({ start }) => start))
  t.same(runs(received), runs(granted))
  await cluster.until(() => of(first.events, 'GrantClosed').length > 0)
})
