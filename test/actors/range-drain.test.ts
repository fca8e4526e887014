// A range is given up in a cluster of houses: nothing of it is used anew, what is out ends with its pods, and what has
// been retired stays so when it is called off.

import t from 'tap'
import { formatRecord } from '../../src/core/registry/record-text.ts'
import { key, poolDocument } from '../support/samples.ts'
import { TestCluster } from '../support/test-cluster.ts'

const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.5'])

t.test('F38: a range is given up while pods use some of it', async t => {
  const cluster = new TestCluster([blue])
  const one = await cluster.start('one')
  const two = await cluster.start('two')
  const pass = async () => {
    let steps = 0
    await cluster.until(() => ++steps > 450)
  }
  const decide = async (type: 'RangeDrain' | 'RangeKeep') => {
    const { registry } = cluster
    const range = { domain: '10.9.0.0/29', first: '10.9.0.0', last: '10.9.0.7' }
    const record = formatRecord({ type, ...range, author: 'operator', atMs: 0 })
    t.same(await registry.append(registry.view.index + 1, record), { type: 'Appended' })
    await pass()
  }
  const [first] = (await one.add(key('c1'))) as bigint[]
  const [second] = (await two.add(key('c2'))) as bigint[]
  t.same(new Set([first, second]).size, 2)
  await decide('RangeDrain')
  t.type(await one.add(key('c3')), 'string', 'nothing is used anew')
  t.type(await two.add(key('c4')), 'string')
  await one.del(key('c1'))
  await pass()
  t.type(await one.add(key('c5')), 'string', 'nor what ends')
  await decide('RangeKeep')
  t.type(await one.add(key('c6')), 'string', 'what is retired stays so')
  await two.del(key('c2'))
  await pass()
  t.same(await two.add(key('c7')), [second], 'what was still out is used again')
})
