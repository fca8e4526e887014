// What people are told when the registry goes on.

import t from 'tap'
import { emptyView } from '../../../src/core/registry/cluster-view.ts'
import { viewEvents } from '../../../src/core/registry/view-events.ts'
import { addRange, genesis, join, remove, viewOf } from './records.ts'

t.test('who came and who was removed, once', async t => {
  const joined = viewOf(genesis, join(1, 2), join(3))
  const removed = viewOf(genesis, join(1, 2), join(3), remove(3, 1))
  const later = viewOf(
    genesis,
    join(1, 2),
    join(3),
    remove(3, 1),
    addRange('10.9.0.0', '10.9.0.255', [1])
  )
  t.same(viewEvents(emptyView, joined), [
    { type: 'MemberJoined', member: 1, node: 'node-1', record: 2 },
    { type: 'MemberJoined', member: 2, node: 'node-2', record: 2 },
    { type: 'MemberJoined', member: 3, node: 'node-3', record: 3 }
  ])
  t.same(viewEvents(joined, removed), [
    {
      ...{ type: 'MemberRemoved', member: 3, node: 'node-3', record: 4 },
      ...{ heir: { member: 1, node: 'node-1' }, assertion: 'OPERATOR' },
      evidence: 'Ann pulled the plug'
    }
  ])
  t.same(viewEvents(removed, later), [])
  t.same(
    viewEvents(emptyView, removed)
      .map(({ type }) => type)
      .slice(-2),
    ['MemberJoined', 'MemberRemoved']
  )
})
