// The registry falls back by one record, which D has read, and goes on with others. Numbers of members and fences mean
// something else in it from there on: D takes nothing of it, also where it has become longer than what D knows.

import t from 'tap'
import type { Proposal } from '../../../src/core/registry/record.ts'
import { formatAddress } from '../../../src/core/address.ts'
import { Stage } from '../../../scripts/sim/stage.ts'

const d = 0

t.test('nothing is taken of a log that is another one', async t => {
  const stage = new Stage()
  t.teardown(() => stage.world.close())
  await stage.form()
  const { registry, territories } = stage.world
  const domain = territories[0]?.domain ?? ''
  const [first = '', last = ''] = territories[0]?.addresses.map(formatAddress) ?? []
  const record = (proposal: Proposal) => {
    t.equal(registry.write({ ...proposal, author: 'operator', atMs: 0 }), undefined)
  }
  const before = registry.view.index
  record({ type: 'RangeDrain', domain, first, last: first })
  stage.node(d).refs?.secretary.tell({ type: 'Learn' })
  await stage.until('D has read it', () => stage.hasReadAll(d))
  registry.fallBack(before)
  record({ type: 'RangeDrain', domain, first: last, last })
  record({ type: 'RangeDrain', domain, first, last: first })
  await stage.pass(30_000)
  t.equal(stage.node(d).disk.learned, before + 1)
  t.equal(stage.node(1).disk.learned, before + 2, 'who has not read it goes on')
})
