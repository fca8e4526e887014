import t from 'tap'
import { Tombstones } from '../../src/core/tombstones.ts'
import { boot, key } from '../support/samples.ts'

const at = (ns: number, inBoot = boot) => ({ boot: inBoot, ns: BigInt(ns) })

t.test('an ADD that began before the DEL of its key is refused', async t => {
  const stones = new Tombstones(boot)
  stones.bury({ key: key('c1'), began: at(100) })
  const rows = [
    { began: at(99), objection: 'Deleted', why: 'it began before' },
    { began: at(100), objection: 'Deleted', why: 'at the same moment nobody knows, so no' },
    { began: at(101), objection: undefined, why: 'a new life of the same key' }
  ]
  for (const { began, objection, why } of rows)
    t.equal(stones.objection(key('c1'), began), objection, why)
  t.equal(stones.objection(key('c2'), at(1)), undefined, 'another key')
})

t.test('the later DEL counts, in whatever order they come', async t => {
  const stones = new Tombstones(boot)
  stones.bury({ key: key('c1'), began: at(100) })
  t.match(stones.bury({ key: key('c1'), began: at(50) }), { tombstone: { began: at(100) } })
  t.equal(stones.objection(key('c1'), at(99)), 'Deleted')
})

t.test('a stone of an earlier boot hinders nobody', async t => {
  const stones = new Tombstones('boot-2')
  stones.restore([{ key: key('c1'), began: at(1_000, 'boot-1') }], at(900, 'boot-1'))
  t.equal(stones.objection(key('c1'), at(1, 'boot-2')), undefined)
})

t.test('the oldest make room, and a horizon stands for them', async t => {
  const stones = new Tombstones(boot, 2)
  stones.bury({ key: key('c1'), began: at(10) })
  stones.bury({ key: key('c2'), began: at(20) })
  t.match(stones.bury({ key: key('c3'), began: at(30) }), {
    dropped: [key('c1')],
    horizon: at(10)
  })
  t.equal(stones.count, 2)
  t.equal(stones.objection(key('c1'), at(10)), 'TooOld', 'the forgotten one cannot come back')
  t.equal(stones.objection(key('other'), at(9)), 'TooOld', 'nor any other from so long ago')
  t.equal(stones.objection(key('other'), at(11)), undefined)
})

t.test('a restart changes nothing', async t => {
  const before = new Tombstones(boot, 1)
  before.bury({ key: key('c1'), began: at(10) })
  const { tombstone, horizon } = before.bury({ key: key('c2'), began: at(20) })
  const after = new Tombstones(boot, 1)
  after.restore([tombstone], horizon)
  t.equal(after.objection(key('c2'), at(20)), 'Deleted')
  t.equal(after.objection(key('c1'), at(10)), 'TooOld')
})
