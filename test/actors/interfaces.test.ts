// Pods with many interfaces: all that one annotation names are decided on the first ADD, all or nothing.

import t from 'tap'
import type { Demand } from '../../src/core/demand.ts'
import { settle } from '../support/manual-clock.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { outcomeOf, plainDemand, refuses, TestHouse } from '../support/test-house.ts'

const a = poolDocument('a', '10.1.0.0/24', ['10.1.0.2-10.1.0.9'])
const b = poolDocument('b', '10.2.0.0/24', ['10.2.0.2-10.2.0.9'], { default: false })

const annotated = (annotations: Record<string, unknown>): Demand => ({
  ...plainDemand,
  annotations: Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [
      name.includes('/') ? name : `ipam.spidernet.io/${name}`,
      typeof value === 'string' ? value : JSON.stringify(value)
    ])
  )
})

const both = annotated({
  ippools: [
    { interface: 'eth0', ipv4: ['a'] },
    { interface: 'net1', ipv4: ['b'] }
  ]
})
const eth0 = key('c1', 'first', 'eth0')
const net1 = key('c1', 'second', 'net1')

t.test('the second ADD is served from the decision of the first', async t => {
  const house = await new TestHouse([a, b]).open()
  t.same(await house.add(eth0, { demand: both }), [ip('10.1.0.2')])
  t.same(house.stored(), ['first/c1/eth0', '*/c1/net1'], 'in one commit')
  await house.restart()
  t.same(await house.add(net1, { demand: both }), [ip('10.2.0.2')], 'also after a restart')
  t.same(await house.add(net1, { demand: both }), [ip('10.2.0.2')], 'and again')
  t.same(house.stored().sort(), ['first/c1/eth0', 'second/c1/net1'])
  t.same((await house.del(net1))?.addresses, [ip('10.2.0.2')])
  t.same((await house.del(eth0))?.addresses, [ip('10.1.0.2')])
  t.same(house.stored(), [])
})

t.test('M3: without names they go in the order of their ADDs', async t => {
  const house = await new TestHouse([a, b]).open()
  const demand = annotated({ ippools: [{ ipv4: ['a'] }, { ipv4: ['b'] }, { ipv4: ['a'] }] })
  t.same(await house.add(eth0, { demand }), [ip('10.1.0.2')])
  t.same(await house.add(key('c1', 'x', 'foo'), { demand }), [ip('10.2.0.2')])
  t.same(await house.add(key('c1', 'y', 'bar'), { demand }), [ip('10.1.0.3')], 'G3: of one pool')
  t.equal(await house.add(key('c1', 'z', 'baz'), { demand }), 'AnnotationInvalid')
})

t.test('A00016: an empty pool of one interface never drains that of another', async t => {
  const none = poolDocument('b', '10.2.0.0/24', ['10.2.0.2'], { default: false })
  const house = await new TestHouse([a, none]).open()
  t.same(await house.add(eth0, { demand: both }), [ip('10.1.0.2')])
  for (let i = 0; i < 100; i += 1) {
    t.equal(await house.add(key(`x${i}`, 'first'), { demand: both }), 'PoolExhausted')
  }
  t.same(house.stored(), ['first/c1/eth0', '*/c1/net1'])
  for (let i = 3; i < 10; i += 1) {
    const alone = annotated({ ippool: { ipv4: ['a'] } })
    t.same(await house.add(key(`y${i}`), { demand: alone }), [ip(`10.1.0.${i}`)], 'all are free')
  }
})

t.test('what is still to come ends with the sandbox', async t => {
  const house = await new TestHouse([a, b]).open()
  await house.add(eth0, { demand: both })
  t.same((await house.del(eth0))?.addresses, [ip('10.1.0.2')])
  await settle()
  t.same(house.stored(), [], 'by a DEL of the interface that is there')
  await house.add(eth0, { demand: both })
  house.namespaces.gone.add('/run/netns/c1')
  await house.pass(90_000)
  t.same(house.stored(), [], 'by its namespace')
  const { client } = house.start(key('c2', 'first'), { demand: both })
  await settle()
  house.house.allocator.tell({ type: 'Abandon', key: key('c2', 'first'), client })
  await settle()
  t.same(house.stored(), [], 'by a client that left')
})

t.test('an ADD while what was decided for it is being let go', async t => {
  for (let turns = 0; turns < 12; turns += 1) {
    const house = await new TestHouse([a, b]).open()
    await house.add(eth0, { demand: both })
    const left = house.del(eth0)
    for (let i = 0; i < turns; i += 1) await new Promise(setImmediate)
    const second = house.start(net1, { demand: both })
    await left
    await settle()
    t.type(outcomeOf(second.answer()), Array)
    t.ok(house.stored().includes('second/c1/net1'), `after ${turns} turns`)
    t.equal(house.givenUp, undefined)
  }
})

t.test('ADDs of one sandbox at once', async t => {
  const house = await new TestHouse([a, b]).open()
  const first = house.start(eth0, { demand: both })
  const second = house.start(net1, { demand: both })
  await settle()
  t.same(outcomeOf(first.answer()), [ip('10.1.0.2')])
  t.same(outcomeOf(second.answer()), [ip('10.2.0.2')])
  t.equal(house.stored().length, 2, 'nothing is taken twice')
})

t.test(
  '#412: what the disk refuses leaves nothing taken, and who waits for it is answered',
  async t => {
    const house = await new TestHouse([a, b]).open()
    house.store.fault = refuses
    const first = house.start(eth0, { demand: both })
    const second = house.start(net1, { demand: both })
    await settle()
    t.equal(outcomeOf(first.answer()), 'StoreFailed')
    t.equal(outcomeOf(second.answer()), 'StoreFailed')
    house.store.fault = () => {}
    t.same(await house.add(net1, { demand: both }), [ip('10.2.0.2')])
    t.same(await house.add(eth0, { demand: both }), [ip('10.1.0.2')])
  }
)

t.test('a DEL and a client that leaves end what waits', async t => {
  const house = await new TestHouse([a, b]).open()
  house.start(eth0, { demand: both })
  const second = house.start(net1, { demand: both })
  await house.del(net1)
  t.equal(outcomeOf(second.answer()), 'Deleted')
  t.same(house.stored(), ['first/c1/eth0', '*/c1/net1'], 'its addresses wait for another ADD')
  t.same(await house.add(net1, { demand: both }), [ip('10.2.0.2')])
})

t.test('routes by annotation go to the interface that reaches the next hop', async t => {
  const house = await new TestHouse([a, b]).open()
  const routes = [{ dst: '192.0.2.0/24', gw: '10.2.0.1' }]
  const demand = {
    ...both,
    annotations: { ...both.annotations, ...annotated({ routes }).annotations }
  }
  const first = house.start(eth0, { demand })
  await settle()
  const second = house.start(net1, { demand })
  await settle()
  const routesOf = ({ answer }: typeof first) => {
    const reply = answer()
    return reply?.type === 'Allocated' && reply.attachment.assignments.map(one => one.routes)
  }
  t.same(routesOf(first), [[]])
  t.same(routesOf(second), [[{ dst: '192.0.2.0/24', gw: '10.2.0.1' }]])
  const lost = annotated({ routes: [{ dst: '192.0.2.0/24', gw: '10.9.0.1' }] })
  t.equal(await house.add(key('c2'), { demand: lost }), 'RouteUnfit', 'G23')
  const later = annotated({
    routes: [{ dst: '192.0.2.0/24', gw: '10.9.0.1' }],
    'k8s.v1.cni.cncf.io/networks': 'web/vlan9'
  })
  t.same(await house.add(key('c3'), { demand: later }), [ip('10.1.0.3')], 'net1 may reach it')
  t.equal(await house.add(key('c3', 'vlan9', 'net1'), { demand: later }), 'RouteUnfit')
})
