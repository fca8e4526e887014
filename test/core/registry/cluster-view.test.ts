import { createHash } from 'node:crypto'
import t from 'tap'
import { formatRange } from '../../../src/core/address-range.ts'
import {
  advance,
  type ClusterView,
  emptyView,
  living,
  type Member,
  resolve
} from '../../../src/core/registry/cluster-view.ts'
import type { Proposal } from '../../../src/core/registry/record.ts'
import {
  addRange,
  bytesOf,
  changeRange,
  continued,
  decide,
  genesis,
  join,
  joining,
  name,
  refusalOf,
  remove,
  subnet,
  viewOf
} from './records.ts'

const three = viewOf(genesis, join(1, 2), join(3))

function decidedOf(view: ClusterView, domain = subnet): string[] {
  return (view.domains.get(domain)?.decided ?? []).map(
    ({ register: { fence, owner }, ...range }) => `${formatRange(range)} ${fence} ${owner}`
  )
}

function drainingOf(view: ClusterView): string[] {
  return (view.domains.get(subnet)?.draining ?? []).map(formatRange)
}

t.test('the hash is chained over the bytes as they came', async t => {
  const odd = new TextEncoder().encode('{"type":"Voters" }')
  const first = bytesOf(genesis)
  const digest = (...parts: Uint8Array[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
  const expected = digest(digest(new Uint8Array(32), first), odd).toString('hex')
  const view = advance(viewOf(genesis), odd)
  t.match(view, { index: 2, hash: expected })
  t.equal(emptyView.hash, '0'.repeat(64))
})

t.test('a record of a later release changes nothing but index and hash', async t => {
  const { index, hash, ...rest } = three
  const view = advance(three, new TextEncoder().encode('{"type":"Voters"}'))
  if ('refused' in view) throw new Error(view.refused)
  const { index: next, hash: other, ...same } = view
  t.same([same, next, other === hash], [rest, index + 1, false])
})

t.test('Genesis comes first, and only first', async t => {
  t.equal(viewOf(genesis).cluster, 'c'.repeat(32))
  t.match(refusalOf(emptyView, join(1)), /must be Genesis, not Join/)
  t.match(advance(emptyView, new TextEncoder().encode('{"type":"Voters"}')), {
    refused: /must be Genesis/
  })
  t.match(refusalOf(three, genesis), /is cluster c+ already/)
  t.match(advance(three, new Uint8Array([1])), { refused: /no record/ })
})

t.test('members are numbered in the order of Joins and batches', async t => {
  t.same(
    living(three).map(({ index, node, since }) => [index, node, since]),
    [
      [1, 'node-1', 2],
      [2, 'node-2', 2],
      [3, 'node-3', 3]
    ]
  )
  t.equal(three.byIncarnation.get(name(2)), three.members.get(2))
  t.equal(three.byPeer.get('peer-3'), three.members.get(3))
})

t.test('a Join is refused as a whole', async t => {
  const without2 = continued(three, remove(2, 1))
  const rows: [ClusterView, Proposal, RegExp][] = [
    [three, join(4, 1), /node-1 has joined already, as member 1/],
    [three, join(4, 4), /has joined already, as member 4/],
    [without2, join(2), /was removed and never joins again/],
    [three, { type: 'Join', members: [joining(4, { peer: 'peer-3' })] }, /belongs to .*node-3/],
    [without2, { type: 'Join', members: [joining(4, { peer: 'peer-2' })] }, /belongs to .*node-2/],
    [
      three,
      { type: 'Join', members: [joining(4, { wire: { min: 2, max: 3 } })] },
      /node-4 talks wire versions 2 to 3 and the cluster talks 1/
    ]
  ]
  for (const [view, record, why] of rows) t.match(refusalOf(view, record), why)
  t.equal(three.members.size, 3, 'and leaves the view as it was')
})

t.test('the first removal of a member wins, and its heir must be a living one', async t => {
  const view = continued(three, remove(2, 1))
  const removed = { fence: 4, heir: 1, assertion: 'OPERATOR', evidence: 'Ann pulled the plug' }
  t.same(view.members.get(2)?.removed, removed)
  t.equal(view.byIncarnation.get(name(2)), view.members.get(2))
  t.equal(view.byPeer.get('peer-2'), view.members.get(2))
  t.equal(three.members.get(2)?.removed, undefined, 'the view before stays as it was')
  const rows: [Proposal, RegExp][] = [
    [remove(9, 1), /never joined/],
    [remove(2, 3), /was removed by record 4 already/],
    [remove(1, 9), /heir 0+9 has not joined/],
    [remove(1, 2), /heir node-2 .* was removed/],
    [remove(1, 1), /cannot inherit from itself/]
  ]
  for (const [record, why] of rows) t.match(refusalOf(view, record), why)
})

t.test('heirs are followed to a living member', async t => {
  const view = continued(three, remove(1, 2), remove(2, 3))
  t.same(
    [1, 2, 3, 4, 0].map(member => resolve(view, member)?.index),
    [3, 3, 3, undefined, undefined]
  )
  t.same(
    living(view).map(({ index }) => index),
    [3]
  )
})

t.test('a range is cut into equal parts in the order of holders', async t => {
  const view = continued(
    three,
    addRange('10.9.0.1', '10.9.0.10', [3, 1, 2]),
    addRange('10.9.0.20', '10.9.0.21', [1, 2, 3]),
    addRange('fd00::', 'fd00::ffff:ffff:ffff:ffff', [2, 1], 'fd00::/64')
  )
  t.same(decidedOf(view), [
    '10.9.0.1-10.9.0.4 4 3',
    '10.9.0.5-10.9.0.7 4 1',
    '10.9.0.8-10.9.0.10 4 2',
    '10.9.0.20 5 1',
    '10.9.0.21 5 2'
  ])
  t.same(decidedOf(view, 'fd00::/64'), [
    'fd00::-fd00::7fff:ffff:ffff:ffff 6 2',
    'fd00::8000:0:0:0-fd00::ffff:ffff:ffff:ffff 6 1'
  ])
  const [run] = view.domains.get(subnet)?.decided ?? []
  t.same(run?.register, { fence: 4, seq: 0, owner: 3, writer: 0, wctr: 0, tail: '' })
})

t.test('a range is refused outside its domain, twice, and for who cannot hold it', async t => {
  const view = continued(three, addRange('10.9.0.10', '10.9.0.19', [1]), remove(2, 1))
  const rows: [Proposal, RegExp][] = [
    [addRange('10.9.0.250', '10.9.1.3', [1]), /does not lie in subnet 10\.9\.0\.0\/24/],
    [addRange('10.8.255.255', '10.9.0.3', [1]), /does not lie in/],
    [addRange('10.9.0.1', '10.9.0.2', [1], '::/0'), /does not lie in subnet ::\/0/],
    [addRange('10.9.0.1', '10.9.0.10', [1]), /overlaps 10\.9\.0\.10-10\.9\.0\.19/],
    [addRange('10.9.0.19', '10.9.0.19', [1]), /overlaps/],
    [addRange('10.9.0.1', '10.9.0.2', [1, 9]), /holder 0+9 has not joined/],
    [addRange('10.9.0.1', '10.9.0.2', [1, 2]), /holder node-2 .* was removed/]
  ]
  for (const [record, why] of rows) t.match(refusalOf(view, record), why)
  t.equal(refusalOf(view, addRange('10.9.0.20', '10.9.0.255', [1])), '', 'what touches is fine')
  const other = addRange('10.9.0.10', '10.9.0.19', [1], '10.9.0.0/16')
  t.match(refusalOf(view, other), /subnet 10\.9\.0\.0\/16 overlaps 10\.9\.0\.0\/24/)
  const beside = addRange('10.9.1.0', '10.9.1.9', [1], '10.9.0.0/16')
  t.equal(refusalOf(view, beside), '', 'what is under no custody yet is fine')
})

t.test('draining ranges are one list, and Keep takes from it', async t => {
  const base = continued(
    three,
    addRange('10.9.0.10', '10.9.0.19', [1, 2]),
    addRange('10.9.0.20', '10.9.0.29', [3])
  )
  const drained = continued(
    base,
    changeRange('RangeDrain', '10.9.0.15', '10.9.0.22'),
    changeRange('RangeDrain', '10.9.0.12', '10.9.0.17')
  )
  t.same(drainingOf(drained), ['10.9.0.12-10.9.0.22'])
  const kept = continued(drained, changeRange('RangeKeep', '10.9.0.14', '10.9.0.15'))
  t.same(drainingOf(kept), ['10.9.0.12-10.9.0.13', '10.9.0.16-10.9.0.22'])
  t.same(decidedOf(kept), decidedOf(base), 'custody stays')
  for (const type of ['RangeDrain', 'RangeKeep'] as const) {
    t.match(
      refusalOf(base, changeRange(type, '10.9.0.25', '10.9.0.31')),
      /^10\.9\.0\.30-10\.9\.0\.31 of .* is not under custody/
    )
    t.match(refusalOf(base, changeRange(type, '10.9.0.1', '10.9.0.1', '10.9.0.0/16')), /custody/)
  }
})

t.test('a contested address is decided by the newer record', async t => {
  const view = continued(three, addRange('10.9.0.10', '10.9.0.19', [1]), decide('10.9.0.12', 3))
  t.same(decidedOf(view), ['10.9.0.10-10.9.0.19 4 1', '10.9.0.12 5 3'])
  const without2 = continued(view, remove(2, 1))
  t.match(refusalOf(view, decide('10.9.0.20', 1)), /10\.9\.0\.20 of .* is not under custody/)
  t.match(refusalOf(view, decide('10.9.0.12', 9)), /owner 0+9 has not joined/)
  t.match(refusalOf(without2, decide('10.9.0.12', 2)), /owner node-2 .* was removed/)
})

t.test('the lowest wire version rises when all living members talk it', async t => {
  const wire = { min: 1, max: 3 }
  const view = continued(viewOf(genesis, join(1)), {
    type: 'Join',
    members: [joining(2, { wire })]
  })
  t.match(refusalOf(view, { type: 'MinWire', version: 1 }), /is 1 already/)
  t.match(refusalOf(view, { type: 'MinWire', version: 2 }), /node-1 talks wire version 1 at most/)
  const raised = continued(view, remove(1, 2), { type: 'MinWire', version: 2 })
  t.equal(raised.minWire, 2)
  t.match(refusalOf(raised, join(3)), /the cluster talks 2/)
  t.match(refusalOf(raised, { type: 'MinWire', version: 4 }), /node-2 talks wire version 3 at most/)
})

t.test('a member may run another release than when it joined', async t => {
  const view = viewOf(genesis, join(1, 2), remove(2, 1))
  const talk = (n: number, min: number, max: number): Proposal => {
    return { type: 'Talk', incarnation: name(n), wire: { min, max } }
  }
  const newer = continued(view, talk(1, 1, 2))
  t.same([newer.members, newer.byIncarnation, newer.byPeer].map(wireOfFirst), [2, 2, 2])
  const raised = continued(newer, { type: 'MinWire', version: 2 })
  t.equal(raised.minWire, 2, 'then the lowest version may rise')
  t.match(refusalOf(raised, talk(1, 1, 1)), /node-1 talks wire versions 1 to 1 and the cluster/)
  t.match(refusalOf(view, talk(2, 1, 2)), /the member node-2 .* was removed/)
  t.match(refusalOf(view, talk(3, 1, 2)), /has not joined/)
})

function wireOfFirst(members: ReadonlyMap<unknown, Member>): number | undefined {
  return [...members.values()][0]?.wire.max
}
