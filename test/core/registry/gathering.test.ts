import t from 'tap'
import { advance, type ClusterView } from '../../../src/core/registry/cluster-view.ts'
import { gather, type JoinAsk, joinAskOf } from '../../../src/core/registry/gathering.ts'
import type { Joining } from '../../../src/core/registry/record.ts'
import { parseRecord, recordBytesMax } from '../../../src/core/registry/record-text.ts'
import { bytesOf, genesis, join, joining, name, remove, viewOf } from './records.ts'

const signed = { author: 'registrar', atMs: 1_700_000_000_000 }
const rules = { lateNamesake: true }

function askOf(index: number, n: number, more: Partial<Joining> = {}): JoinAsk {
  const ask = joinAskOf(index, bytesOf({ type: 'Join', members: [joining(n, more)] }))
  if (ask === undefined) throw new Error('this is an ordinary Join')
  return ask
}

function continuedBy(view: ClusterView, record: Uint8Array | undefined): ClusterView {
  const next = advance(view, record ?? new Uint8Array())
  if ('refused' in next) throw new Error(next.refused)
  return next
}

t.test('who comes alone has its own record, byte for byte', async t => {
  const view = viewOf(genesis, join(1))
  const ask = askOf(3, 2)
  const { record, taken } = gather(view, [ask], signed, rules)
  t.equal(record, ask.record)
  t.same(taken, [ask])
})

t.test('who come together, late ones too, are members by one record', async t => {
  const view = viewOf(genesis, join(1))
  const asks = [askOf(2, 2), askOf(3, 3), askOf(3, 4)]
  const { record, taken, rejected } = gather(view, asks, signed, rules)
  t.same([taken, rejected.size], [asks, 0])
  const { members, index } = continuedBy(view, record)
  t.equal(index, 3)
  t.same(
    [...members.values()].map(({ incarnation }) => incarnation),
    [1, 2, 3, 4].map(name)
  )
  t.match(parseRecord(record ?? new Uint8Array()), { type: 'Join', ...signed })
})

t.test('what a later release says of a member stays in the record', async t => {
  const text = new TextDecoder().decode(bytesOf(join(2))).replace('"node":', '"zone":"a","node":')
  const newer = joinAskOf(2, new TextEncoder().encode(text))
  if (newer === undefined) throw new Error('this is an ordinary Join')
  const { record } = gather(viewOf(genesis), [askOf(2, 1), newer], signed, rules)
  t.match(new TextDecoder().decode(record), '"zone":"a"')
})

t.test('what is no Join of one member, or says more than it must, goes its own way', async t => {
  t.equal(joinAskOf(2, bytesOf(join(1, 2))), undefined)
  t.equal(joinAskOf(2, bytesOf(genesis)), undefined)
  t.equal(joinAskOf(2, new Uint8Array([0x7b])), undefined)
  t.equal(joinAskOf(2, bytesOf({ ...join(1), because: 'new' } as never)), undefined)
  const wordy = { ...joining(1), motto: 'x'.repeat(4_096) }
  t.equal(joinAskOf(2, bytesOf({ type: 'Join', members: [wordy] })), undefined)
})

t.test('verdicts', async t => {
  const view = viewOf(genesis, join(1, 2), remove(2, 1))
  const rows: [string, JoinAsk, object | undefined][] = [
    ['a new one', askOf(4, 3), undefined],
    ['a new one that is late', askOf(2, 3), undefined],
    ['a member', askOf(4, 1), { type: 'Refused', why: /has joined already/ }],
    ['a member that asks again, late', askOf(2, 1), { type: 'Conflict' }],
    ['one that was removed', askOf(4, 2), { type: 'Refused', why: /never joins again/ }],
    ['its successor, which has read that', askOf(4, 3, { node: 'node-2' }), undefined],
    ['a namesake that has read of the other', askOf(3, 3, { node: 'node-1' }), undefined],
    ['a namesake from before', askOf(2, 3, { node: 'node-1' }), { type: 'Conflict' }],
    ['another release', askOf(4, 3, { wire: { min: 2, max: 3 } }), { type: 'Refused' }]
  ]
  for (const [what, ask, verdict] of rows) {
    const { taken, rejected } = gather(view, [ask], signed, rules)
    t.match([taken.length, rejected.get(ask)], verdict ? [0, verdict] : [1, undefined], what)
  }
})

t.test('of two with one name, incarnation or peer id the first is taken', async t => {
  const view = viewOf(genesis)
  const rows: [string, Partial<Joining>][] = [
    ['name', { node: 'node-1' }],
    ['incarnation', { incarnation: name(1) }],
    ['peer id', { peer: 'peer-1' }]
  ]
  for (const [what, more] of rows) {
    const [first, second] = [askOf(2, 1), askOf(2, 2, more)]
    const { taken, rejected } = gather(view, [first, second], signed, rules)
    t.same([taken, rejected.get(second)], [[first], { type: 'Conflict' }], what)
  }
})

t.test('a record is no larger than records are; the others are for the next one', async t => {
  let view = viewOf(genesis)
  // Numbers that are longer when they are written again.
  const numbers = `"numbers":[${Array.from({ length: 300 }, () => '1e20').join(',')}],"node":`
  let asks = Array.from({ length: 500 }, (_, n) => {
    const text = new TextDecoder().decode(bytesOf(join(n + 1)))
    const long = n % 10 === 0 ? text.replace('"node":', numbers) : text
    return joinAskOf(2, new TextEncoder().encode(long)) ?? askOf(2, n + 1)
  })
  let records = 0
  while (asks.length > 0) {
    const { record, left } = gather(view, asks, signed, rules)
    t.ok((record?.length ?? 0) <= recordBytesMax && left.length < asks.length, `${left.length}`)
    view = continuedBy(view, record)
    records += 1
    asks = [...left]
  }
  t.equal(view.members.size, 500)
  t.ok(records <= 20, `${records} records`)
})
