import t from 'tap'
import { Deliveries } from '../../src/core/deliveries.ts'

t.test('an answer is taken back when its last client is gone', async t => {
  const deliveries = new Deliveries()
  deliveries.open('k', 1)
  deliveries.join('k', 2)
  t.equal(deliveries.abandon('k', 1), false, 'the other one may still get it')
  t.equal(deliveries.abandon('k', 1), false, 'nobody leaves twice')
  t.equal(deliveries.abandon('k', 2), true)
  t.equal(deliveries.abandon('k', 2), false)
})

t.test('a late word of an earlier life confirms nothing', async t => {
  const deliveries = new Deliveries()
  deliveries.open('k', 1)
  deliveries.settle('k')
  deliveries.open('k', 2)
  deliveries.confirm('k', 1)
  t.equal(deliveries.abandon('k', 2), true)
})

t.test('what somebody has confirmed stays', async t => {
  const deliveries = new Deliveries()
  deliveries.open('k', 1)
  deliveries.open('k', 2)
  deliveries.confirm('k', 2)
  deliveries.join('k', 3)
  t.same(
    [1, 2, 3].map(client => deliveries.abandon('k', client)),
    [false, false, false]
  )
})
