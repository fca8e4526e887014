// What people are told of a change of custody.

import t from 'tap'
import type { CustodyChange } from '../../../src/core/lease/custody-change.ts'
import { custodyEvents } from '../../../src/core/lease/custody-events.ts'
import { LeaseMap } from '../../../src/core/lease/lease-map.ts'
import type { Run } from '../../../src/core/lease/register.ts'
import type { Member } from '../../../src/core/registry/cluster-view.ts'
import { emptyView } from '../../../src/core/registry/cluster-view.ts'
import { joining } from '../registry/records.ts'
import { at, register, run } from './lease-samples.ts'

const me = 1
const members = new Map(
  [1, 2, 3].map((index): [number, Member] => [index, { ...joining(index), index, since: index }])
)
const grant = { wctr: 7, to: 2, id: 4, pool: 'blue', runs: [] }
const place = {
  domain: '10.9.0.0/24',
  me,
  view: { ...emptyView, members },
  openGrant: (wctr: number) => (wctr === 7 ? grant : undefined)
}

function told(held: readonly Run[], incoming: readonly Run[], more: Partial<CustodyChange> = {}) {
  const change = {
    ...{ runs: LeaseMap.of(held).plan(incoming), marks: [], heard: [], closed: [] },
    ...{ contests: [], forgotten: [], ...more }
  }
  return custodyEvents(change, place).map(event => ({
    ...event,
    ...('runs' in event && {
      runs: event.runs.map(({ start, end }) => [Number(start - at(0)), Number(end - at(0))])
    })
  }))
}

const subnet = '10.9.0.0/24'
const other = { member: 2, node: 'node-2' }
const third = { member: 3, node: 'node-3' }

t.test('a grant says to whom, for which pool and for which question', async t => {
  const runs = [run(0, 4, { seq: 1, owner: 2, writer: me })]
  t.same(told([run(0, 16)], runs, { grant }), [
    { type: 'LeaseGranted', subnet, runs: [[0, 4]], to: other, pool: 'blue', request: 4 }
  ])
})

t.test('what comes from a member, also where it grows what is there', async t => {
  const given = { seq: 1, owner: me, writer: 2, wctr: 5 }
  t.same(told([run(0, 4, { owner: 2 })], [run(0, 4, given)]), [
    { type: 'LeaseReceived', subnet, runs: [[0, 4]], from: other }
  ])
  t.same(
    told([run(0, 4, given)], [run(4, 2, given)]),
    [{ type: 'LeaseReceived', subnet, runs: [[4, 6]], from: other }],
    'only what is new'
  )
})

t.test('what the registry gives, takes and gives up', async t => {
  t.same(told([], [run(0, 8, { writer: 0 })]), [{ type: 'LeaseAssigned', subnet, runs: [[0, 8]] }])
  t.same(told([run(0, 8)], [run(2, 1, { fence: 9, owner: 3, writer: 0 })]), [
    { type: 'LeaseLost', subnet, runs: [[2, 3]], to: third }
  ])
  t.same(told([run(0, 8)], [run(0, 8, { seq: 1, owner: 0, writer: me })]), [
    { type: 'LeaseRetired', subnet, runs: [[0, 8]] }
  ])
})

t.test('an heir takes over for itself, and for whoever has pods there', async t => {
  const held = [run(0, 8, { owner: 3 })]
  const claim = { fence: 9, writer: me }
  t.same(told(held, [run(0, 6, { ...claim, owner: me }), run(6, 2, { ...claim, owner: 2 })]), [
    {
      ...{ type: 'LeaseReclaimed', subnet, runs: [[0, 6]] },
      owner: { member: me, node: 'node-1' }
    },
    { type: 'LeaseReclaimed', subnet, runs: [[6, 8]], owner: other }
  ])
})

t.test(
  'what others do among themselves, and whom an own address is kept for, is no move',
  async t => {
    t.same(told([run(0, 4, { owner: 2 })], [run(0, 4, { seq: 1, owner: 3, writer: 2 })]), [])
    t.same(told([run(0, 4)], [run(1, 1, { seq: 1, tail: '00ff' })]), [])
  }
)

t.test('grants that were taken, and addresses with two claims', async t => {
  t.same(told([], [], { closed: [7, 8] }), [{ type: 'GrantClosed', subnet, to: other }])
  const claims = [register({ owner: 3 }), register({ owner: 2 })] as const
  t.same(told([], [], { contests: [{ address: at(3), claims }] }), [
    { type: 'Contested', subnet, address: at(3), claims: [third, other] }
  ])
})
