// A registry that was restored to yesterday: everybody who has read more says so, addresses go on, membership
// does not.

import t from 'tap'
import type { Registry } from '../../src/ports/registry.ts'
import { MemoryRegistry } from '../../src/registry/memory-registry.ts'
import { until } from '../mesh/nodes.ts'
import { Foe } from './foe.ts'
import { HonestNode } from './honest-node.ts'

t.test('an alarm, and pods go on', async t => {
  const real = new MemoryRegistry()
  const yesterday = new MemoryRegistry()
  let isRestored = false
  let appended = 0
  const now = () => (isRestored ? yesterday : real)
  const registry: Registry = {
    read: from => now().read(from),
    append: (index, record) => {
      if (isRestored) appended += 1
      return now().append(index, record)
    }
  }
  const first = await HonestNode.start(t, { name: 'first', registry, founds: true })
  await until(t, () => real.view.domains.size > 0, 'the cluster has a domain')
  const second = await HonestNode.start(t, { name: 'second', registry, peers: [first.address] })
  await until(t, () => real.view.members.size === 2, 'two members')
  const { records } = await real.read(1)
  for (const [i, record] of records.slice(0, 2).entries()) await yesterday.append(i + 1, record)
  t.type(await second.add('before'), 'bigint')
  isRestored = true
  const nodes = [first, second]
  const other = await Foe.start(t, real, nodes, true)
  const isSaid = () => {
    // That there is more to read makes them read.
    for (const node of nodes) other.greet(node)
    return nodes.every(node => node.said(/REGISTRY_ROLLBACK/))
  }
  await until(t, isSaid, 'both say so')
  for (const node of nodes) {
    for (let i = 0; i < 20; i += 1) t.type(await node.add(`after-${i}`), 'bigint')
    t.equal(await node.del('after-0'), 1)
    t.equal(node.ended, undefined)
    t.equal(node.learned, records.length, 'nothing that was read is forgotten')
  }
  const used = nodes.flatMap(node => node.used)
  t.equal(new Set(used).size, used.length)
  t.equal(appended, 0, 'nobody writes into it')
})
