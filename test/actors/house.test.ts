// Pools that come and go, namespaces that vanish, actors that crash.

import t from 'tap'
import { ask } from '../../src/actors/runtime/ask.ts'
import { settle } from '../support/manual-clock.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { plainDemand, refuses, TestHouse } from '../support/test-house.ts'

const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])
const green = poolDocument('green', '10.8.0.0/29', ['10.8.0.2-10.8.0.6'])

async function poolsOf(house: TestHouse) {
  const timing = { clock: house.clock, timeoutMs: 1_000 }
  const { set } = await ask(house.house.catalogue, { type: 'DescribePools' }, timing)
  return set
}

t.test('a new pool is used, and a changed one from now on', async t => {
  const house = await new TestHouse([]).open()
  t.equal(await house.add(key('c1')), 'NoPoolFits')
  house.pools.change([blue])
  await settle()
  t.same(await house.add(key('c1')), [ip('10.9.0.2')])
  house.pools.change([poolDocument('blue', '10.9.0.0/29', ['10.9.0.5'])])
  await settle()
  t.same(await house.add(key('c2')), [ip('10.9.0.5')])
  t.same(house.stored().length, 2, 'a pod whose address is no longer offered keeps it')
})

t.test('a pool with live addresses is never dropped', async t => {
  const house = await new TestHouse([blue]).open()
  await house.add(key('c1'))
  house.pools.change([green])
  await settle()
  t.match((await poolsOf(house)).pools.get('blue'), { isDisabled: true }, 'it stops allocating')
  t.equal(
    await house.add(key('c2'), { demand: { ...plainDemand, pools: { 4: ['blue'], 6: [] } } }),
    'NoPoolFits'
  )
  await house.restart()
  t.match((await poolsOf(house)).pools.get('blue'), { isDisabled: true }, 'also after a restart')
  t.match(await house.del(key('c1')), { addresses: [ip('10.9.0.2')] }, 'it keeps releasing')
  await house.pass(60_000)
  t.notOk((await poolsOf(house)).pools.has('blue'), 'when all have come back it goes')
})

t.test('the subnet of a pool in use is not taken by another', async t => {
  const house = await new TestHouse([blue]).open()
  await house.add(key('c1'))
  const wider = poolDocument('wide', '10.9.0.0/24', ['10.9.0.2-10.9.0.90'])
  house.pools.change([wider])
  await settle()
  t.same([...(await poolsOf(house)).pools.keys()], ['blue'])
  t.match((await poolsOf(house)).problems, [{ name: 'wide', problem: /10\.9\.0\.0\/29/ }])
  await house.restart()
  t.same([...(await poolsOf(house)).pools.keys()], ['blue'], 'also after a restart')
  await house.del(key('c1'))
  await house.pass(60_000)
  t.same([...(await poolsOf(house)).pools.keys()], ['wide'], 'it is in force when they are free')
})

t.test('a bad document leaves the good version in force', async t => {
  const house = await new TestHouse([blue]).open()
  house.pools.change([poolDocument('blue', '10.9.0.0/29', ['10.77.0.1'])])
  await settle()
  t.same(await house.add(key('c1')), [ip('10.9.0.2')])
  t.ok(house.log.some(({ level, fields }) => level === 'warn' && fields['name'] === 'blue'))
})

t.test('a pool with affinity serves those that it names', async t => {
  const house = await new TestHouse([
    poolDocument('blue', '10.9.0.0/29', ['10.9.0.2'], { nodeName: ['n1'] }),
    poolDocument('red', '10.8.0.0/29', ['10.8.0.2'], { nodeName: ['node-1'] })
  ]).open()
  t.same(await house.add(key('c1')), [ip('10.8.0.2')])
  t.equal(await house.add(key('c2')), 'PoolExhausted')
  t.ok(
    house.log.some(({ fields }) => fields['pool'] === 'red' && 'nodeName' in Object(fields['for']))
  )
})

t.test('an attachment whose namespace is gone is released after the grace', async t => {
  const house = await new TestHouse([blue]).open()
  await house.add(key('c1'))
  await house.add(key('c2'))
  house.namespaces.gone.add('/run/netns/c1')
  await house.pass(55_000)
  t.equal(house.stored().length, 2, 'a first look is only a suspicion')
  await house.pass(25_000)
  t.same(house.stored(), ['net1/c2/eth0'])
  t.ok(
    house.log.some(({ message }) => /its pod is gone/.test(message)),
    'and it is said'
  )
})

t.test('a namespace that comes back is no reason', async t => {
  const house = await new TestHouse([blue]).open()
  await house.add(key('c1'))
  house.namespaces.gone.add('/run/netns/c1')
  await house.pass(50_000)
  house.namespaces.gone.clear()
  await house.pass(20_000)
  house.namespaces.gone.add('/run/netns/c1')
  await house.pass(55_000)
  t.same(house.stored(), ['net1/c1/eth0'], 'the grace begins anew')
})

t.test('a new life of the key is not released for the death of the old one', async t => {
  const house = await new TestHouse([blue]).open()
  await house.add(key('c1'))
  house.namespaces.gone.add('/run/netns/c1')
  await house.pass(50_000)
  await house.add(key('c1'), { path: '/run/netns/new' })
  await house.pass(60_000)
  t.same(house.stored(), ['net1/c1/eth0'])
})

t.test('nothing survives a reboot', async t => {
  const house = await new TestHouse([blue]).open()
  for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) await house.add(key(id))
  await house.restart('boot-2')
  await house.pass(100)
  t.same(house.stored(), [])
  t.type(await house.add(key('c6')), Array, 'and its addresses serve at once when they are needed')
})

t.test('a crash is survived from what was durable', async t => {
  const house = await new TestHouse([blue]).open()
  await house.add(key('c1'))
  house.store.fault = () => {
    throw new Error('a mistake of ours')
  }
  t.equal(await house.add(key('c2')), 'no answer', 'nothing was promised')
  house.store.fault = () => {}
  t.same(await house.add(key('c1')), [ip('10.9.0.2')])
  t.same(await house.add(key('c3')), [ip('10.9.0.3')])
  t.ok(house.log.some(({ level, message }) => level === 'error' && /crashed/.test(message)))
  t.equal(house.givenUp, undefined)
})

t.test('a house that is built anew starts from the latest pools', async t => {
  const house = await new TestHouse([blue]).open()
  house.pools.change([poolDocument('blue', '10.9.0.0/29', ['10.9.0.5'])])
  await settle()
  house.store.fault = () => {
    house.store.fault = () => {}
    throw new Error('a mistake of ours')
  }
  await house.add(key('c1'))
  t.same(await house.add(key('c2')), [ip('10.9.0.5')])
})

t.test(
  'an answer that nobody took is taken back also after a crash, and by a disk that refused at first',
  async t => {
    const house = await new TestHouse([blue]).open()
    const { client } = house.start(key('c1'))
    await settle()
    house.store.fault = () => {
      house.store.fault = () => {}
      throw new Error('a mistake of ours')
    }
    await house.add(key('c2'))
    house.store.fault = refuses
    house.house.allocator.tell({ type: 'Abandon', key: key('c1'), client })
    await settle()
    t.ok(house.stored().includes('net1/c1/eth0'))
    house.store.fault = () => {}
    await house.pass(1_100, 100)
    t.notOk(house.stored().includes('net1/c1/eth0'))
  }
)

t.test('after too many crashes it gives up', async t => {
  const house = await new TestHouse([blue]).open()
  house.store.fault = () => {
    throw new Error('again and again')
  }
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await house.add(key(id))
  t.match(house.givenUp, { message: 'again and again' })
  t.equal(house.start(key('h')).told, false, 'and refuses at once')
})

t.test('a stopped house takes nothing more', async t => {
  const house = await new TestHouse([blue]).open()
  await house.add(key('c1'))
  await house.house.stop()
  t.equal(house.start(key('c2')).told, false)
  t.same(house.stored(), ['net1/c1/eth0'])
})
