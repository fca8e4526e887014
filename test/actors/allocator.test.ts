// The house from outside: what the CNI server may rely on.

import t from 'tap'
import { StoreFullError } from '../../src/core/errors.ts'
import { settle } from '../support/manual-clock.ts'
import { ip, key, poolDocument } from '../support/samples.ts'
import { outcomeOf, plainDemand, refuses, TestHouse } from '../support/test-house.ts'

t.test('an ADD is durable before it is told', async t => {
  const house = await new TestHouse().open()
  const { answer } = house.start(key('c1'))
  house.store.fault = () => t.equal(answer(), undefined, 'nobody knows while the disk is asked')
  await settle()
  t.same(outcomeOf(answer()), [ip('10.9.0.2')])
  t.same(house.stored(), ['net1/c1/eth0'])
})

t.test('requests that arrive together share a commit', async t => {
  const house = await new TestHouse().open()
  const started = ['a', 'b', 'c', 'd', 'e'].map(id => house.start(key(id)))
  await settle()
  t.equal(new Set(started.map(({ answer }) => String(outcomeOf(answer())))).size, 5)
  t.equal(house.store.commits.filter(changes => changes.some(c => c.type === 'Attach')).length, 1)
})

t.test('the same key gets the same answer, another demand is refused', async t => {
  const house = await new TestHouse().open()
  t.same(await house.add(key('c1')), [ip('10.9.0.2')])
  t.same(await house.add(key('c1')), [ip('10.9.0.2')])
  const demand = { ...plainDemand, requested: [ip('10.9.0.5')] }
  t.equal(await house.add(key('c1'), { demand }), 'DemandChanged')
  const first = house.start(key('c2'))
  const second = house.start(key('c2'))
  const other = house.start(key('c2'), { demand })
  await settle()
  t.same(outcomeOf(second.answer()), outcomeOf(first.answer()), 'also while the first is under way')
  t.equal(outcomeOf(other.answer()), 'DemandChanged')
  t.equal(house.stored().length, 2)
})

t.test('dual stack is all or nothing', async t => {
  const four = poolDocument('four', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'])
  const six = poolDocument('six', 'fd00::/64', ['fd00::2'])
  const house = await new TestHouse([four, six]).open()
  t.same(await house.add(key('c1')), [ip('10.9.0.2'), ip('fd00::2')])
  t.equal(await house.add(key('c2')), 'PoolExhausted')
  await settle()
  t.same(house.stored(), ['net1/c1/eth0'])
  const onlyFour = { ...plainDemand, pools: { 4: ['four'], 6: [] } }
  t.same(
    await house.add(key('c3'), { demand: onlyFour }),
    [ip('10.9.0.3')],
    'nothing of it stayed taken'
  )
})

t.test('pools are tried in their order', async t => {
  const first = poolDocument('first', '10.9.0.0/29', ['10.9.0.2'])
  const second = poolDocument('second', '10.8.0.0/29', ['10.8.0.2'])
  const house = await new TestHouse([second, first]).open()
  const demand = { ...plainDemand, pools: { 4: ['first', 'second'], 6: [] } }
  t.same(await house.add(key('c1'), { demand }), [ip('10.9.0.2')])
  t.same(await house.add(key('c2'), { demand }), [ip('10.8.0.2')])
  t.equal(await house.add(key('c3'), { demand }), 'PoolExhausted')
})

t.test('a DEL refuses every ADD that began before it', async t => {
  const house = await new TestHouse().open()
  const early = house.moment()
  await house.del(key('c1'))
  t.equal(await house.add(key('c1'), { began: early }), 'Deleted')
  t.same(await house.add(key('c1')), [ip('10.9.0.2')], 'one that began after is a new life')
  await house.del(key('c2'))
  await house.restart()
  t.equal(await house.add(key('c2'), { began: early }), 'Deleted', 'also after a restart')
})

t.test('a DEL stops the ADD that is under way', async t => {
  const house = await new TestHouse().open()
  const add = house.start(key('c1'))
  const deleted = house.del(key('c1'))
  await deleted
  t.same(house.stored(), [])
  t.equal(outcomeOf(add.answer()), 'Deleted')
  t.same(await house.add(key('c2')), [ip('10.9.0.2')], 'and nobody is told its address as taken')
})

t.test('a DEL from before the attachment does not end it', async t => {
  const house = await new TestHouse().open()
  const queued = house.moment()
  await house.add(key('c1'))
  t.match(await house.del(key('c1'), queued), { addresses: [], durable: true })
  t.same(house.stored(), ['net1/c1/eth0'])
  await house.add(key('c1'))
  const between = house.moment() - 1
  t.match(
    await house.del(key('c1'), between - 1),
    { addresses: [] },
    'a repeated ADD is a new life'
  )
  t.match(await house.del(key('c1')), { addresses: [ip('10.9.0.2')] })
  t.match(await house.del(key('c1')), { addresses: [], durable: true }, 'nothing is released twice')
})

t.test('an answer that nobody took is taken back', async t => {
  const house = await new TestHouse().open()
  const { client, answer } = house.start(key('c1'))
  await settle()
  t.same(outcomeOf(answer()), [ip('10.9.0.2')])
  house.house.allocator.tell({ type: 'Abandon', key: key('c1'), client })
  await settle()
  t.same(house.stored(), [])
})

t.test('a client that leaves while the disk is asked is noticed', async t => {
  const house = await new TestHouse().open()
  const { client } = house.start(key('c1'))
  house.store.fault = changes => {
    if (changes.some(({ type }) => type === 'Attach')) {
      house.house.allocator.tell({ type: 'Abandon', key: key('c1'), client })
    }
  }
  await settle()
  t.same(house.stored(), [])
})

t.test('one of two clients suffices', async t => {
  const house = await new TestHouse().open()
  const first = house.start(key('c1'))
  const second = house.start(key('c1'))
  await settle()
  house.house.allocator.tell({ type: 'Abandon', key: key('c1'), client: first.client })
  house.house.allocator.tell({ type: 'Deliver', key: key('c1'), client: second.client })
  house.house.allocator.tell({ type: 'Abandon', key: key('c1'), client: second.client })
  await settle()
  t.same(house.stored(), ['net1/c1/eth0'])
})

t.test('GC releases what the runtime does not list', async t => {
  const house = await new TestHouse().open()
  for (const id of ['c1', 'c2', 'c3']) await house.add(key(id))
  await house.add(key('c1', 'net2'))
  const before = house.moment()
  await house.add(key('late'))
  t.equal(await house.gc('net1', [key('c2')], before), 2)
  t.same(house.stored().sort(), ['net1/c2/eth0', 'net1/late/eth0', 'net2/c1/eth0'])
  t.equal(await house.gc('net1', []), 2)
  t.same(house.stored(), ['net2/c1/eth0'], 'another network is left alone')
})

t.test('an ADD waits for a cooling address within its time', async t => {
  const house = await new TestHouse([poolDocument('one', '10.9.0.0/29', ['10.9.0.2'])]).open()
  await house.add(key('c1'))
  t.equal(await house.add(key('c2')), 'PoolExhausted', 'nothing cools, so nothing is waited for')
  await house.del(key('c1'))
  const waiting = house.start(key('c2'))
  await house.pass(4_000)
  t.equal(waiting.answer(), undefined)
  await house.pass(1_200, 100)
  t.same(outcomeOf(waiting.answer()), [ip('10.9.0.2')], 'five seconds are the least')
})

t.test('a cooling address serves at once when its namespace is gone', async t => {
  const house = await new TestHouse([poolDocument('one', '10.9.0.0/29', ['10.9.0.2'])]).open()
  await house.add(key('c1'))
  await house.del(key('c1'))
  const waiting = house.start(key('c2'))
  await house.pass(500, 100)
  t.equal(waiting.answer(), undefined, 'the old pod may still have it')
  house.namespaces.gone.add('/run/netns/c1')
  await house.pass(400, 100)
  t.same(outcomeOf(waiting.answer()), [ip('10.9.0.2')])
})

t.test('nobody waits for ever', async t => {
  const house = await new TestHouse([
    poolDocument('two', '10.9.0.0/29', ['10.9.0.2-10.9.0.3'])
  ]).open()
  await house.add(key('c1'))
  await house.add(key('c2'))
  await house.del(key('c1'))
  const demand = { ...plainDemand, requested: [ip('10.9.0.2')] }
  const first = house.start(key('c3'))
  const second = house.start(key('c4'), { demand })
  await house.pass(16_000, 100)
  const outcomes = [first, second].map(({ answer }) => String(outcomeOf(answer())))
  t.ok(outcomes.includes(String(ip('10.9.0.2'))), 'one gets it')
  t.ok(
    outcomes.some(text => /PoolExhausted|AddressTaken/.test(text)),
    'the other one hears why not'
  )
})

t.test('a disk that refuses promises nothing to an ADD and owes a DEL', async t => {
  const house = await new TestHouse().open()
  await house.add(key('c1'))
  house.store.fault = refuses
  t.equal(await house.add(key('c2')), 'StoreFailed')
  t.match(await house.del(key('c1')), { durable: false })
  t.same(house.stored(), ['net1/c1/eth0'])
  house.store.fault = () => {}
  await house.pass(1_100, 100)
  t.same(house.stored(), [], 'it is made good when the disk works again')
  t.same(await house.add(key('c3')), [ip('10.9.0.3')], 'the refused ADD left nothing behind')
  house.store.fault = () => {
    throw new StoreFullError('full')
  }
  t.equal(await house.add(key('c4')), 'StoreFull')
})

t.test('one that does not fit does not take the others along', async t => {
  const house = await new TestHouse().open()
  await house.add(key('c1'))
  house.store.fault = changes => {
    if (changes.some(({ type }) => type === 'Attach')) refuses()
  }
  const add = house.start(key('c2'))
  t.match(await house.del(key('c1')), { durable: true, addresses: [ip('10.9.0.2')] })
  t.equal(outcomeOf(add.answer()), 'StoreFailed')
})

t.test('cooled addresses are forgotten by the store', async t => {
  const house = await new TestHouse().open()
  await house.add(key('c1'))
  await house.del(key('c1'))
  t.equal(house.store.load().cooling.length, 1)
  await house.pass(31_000)
  t.equal(house.store.load().cooling.length, 0)
})

t.test('of two lives that wait together the later one counts', async t => {
  const house = await new TestHouse([poolDocument('one', '10.9.0.0/29', ['10.9.0.2'])]).open()
  await house.add(key('x'), { began: 1 })
  await house.del(key('x'), 2)
  const old = house.start(key('a'), { began: 3, path: '/run/netns/old' })
  await settle()
  house.start(key('a'), { began: 7, path: '/run/netns/new' })
  await settle()
  house.house.allocator.tell({ type: 'Abandon', key: key('a'), client: old.client })
  await house.pass(6_000, 100)
  t.match(house.store.load().attachments, [{ sandbox: { path: '/run/netns/new' } }])
  t.match(await house.del(key('a'), 5), { addresses: [] }, 'a DEL of the first life')
  t.same(house.stored(), ['net1/a/eth0'])
})

t.test('a DEL refuses those that it has overtaken, and no others', async t => {
  const house = await new TestHouse().open()
  const early = house.start(key('a'), { began: 3 })
  const late = house.start(key('a'), { began: 7 })
  await house.del(key('a'), 5)
  t.equal(outcomeOf(early.answer()), 'Deleted')
  t.same(outcomeOf(late.answer()), [ip('10.9.0.2')])
  t.match(house.store.load().attachments, [{ sandbox: { began: { ns: 7n } } }])
  t.equal(house.givenUp, undefined)
  t.notOk(house.log.some(({ message }) => /crashed/.test(message)))
})

t.test('an ADD that its DEL has overtaken is refused although the key lives again', async t => {
  const house = await new TestHouse().open()
  await house.del(key('a'), 5)
  t.same(await house.add(key('a'), { began: 7 }), [ip('10.9.0.2')])
  t.equal(await house.add(key('a'), { began: 3, path: '/run/netns/old' }), 'Deleted')
})
