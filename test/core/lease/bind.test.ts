// Whom an address is kept for: what a register says of it, and what a node makes of all registers.

import t from 'tap'
import { AddressBook } from '../../../src/core/address-book.ts'
import {
  type Bind,
  bindBytesMax,
  bindOf,
  isBindable,
  tailWith
} from '../../../src/core/lease/bind.ts'
import { Binds } from '../../../src/core/lease/binds.ts'
import { Custody } from '../../../src/core/lease/custody.ts'
import { LeaseMap } from '../../../src/core/lease/lease-map.ts'
import { emptyView } from '../../../src/core/registry/cluster-view.ts'
import * as fc from '../../support/property.ts'
import { anyRuns, at, run } from './lease-samples.ts'

const web: Bind = { holder: 'StatefulSet/default/web-0/eth0', generation: 1 }

t.test('a bind goes into a tail and comes out of it', async t => {
  const others = fc
    .array(fc.tuple(fc.integer({ min: 2, max: 255 }), fc.uint8Array({ maxLength: 20 })))
    .map(fields =>
      fields
        .map(([type, value]) => Buffer.from([type, value.length, ...value]).toString('hex'))
        .join('')
    )
  const bind = fc.record({
    holder: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter(isBindable),
    generation: fc.integer({ min: 1, max: 2 ** 32 - 1 })
  })
  fc.assert(
    fc.property(others, bind, bind, (tail, first, second) => {
      t.equal(bindOf(tail), undefined)
      const bound = tailWith(tail, first)
      t.same(bindOf(bound), first)
      t.same(bindOf(tailWith(bound, second)), second, 'there is one')
      t.equal(tailWith(bound, undefined), tail, 'what others wrote is kept as it was')
    })
  )
  for (const broken of [
    '01',
    '0105',
    '010500000001',
    '0104000000',
    '01050000000161'.slice(0, -2)
  ]) {
    t.equal(bindOf(broken), undefined, broken)
  }
  t.equal(isBindable('x'.repeat(bindBytesMax)), true)
  t.equal(isBindable('x'.repeat(bindBytesMax + 1)), false)
  t.equal(tailWith('', { holder: 'x'.repeat(bindBytesMax), generation: 1 }).length <= 512, true)
})

t.test('what all registers say, after any changes', async t => {
  fc.assert(
    fc.property(fc.array(anyRuns, { maxLength: 5 }), steps => {
      const bound = (runs: (typeof steps)[number]) =>
        runs.map(({ register, ...range }) => {
          const { owner, seq } = register
          const bind = owner === 0 ? undefined : { holder: `web-${owner}`, generation: seq + 1 }
          return { ...range, register: { ...register, tail: tailWith('', bind) } }
        })
      const map = LeaseMap.of([])
      const binds = new Binds([])
      const told = new Map<bigint, Bind>()
      for (const step of steps) {
        const change = map.plan(bound(step))
        map.apply(change)
        binds.apply(change)
        for (const [address, bind] of binds.takeNews()) {
          if (bind === undefined) told.delete(address)
          else told.set(address, bind)
        }
        const byAddress = ([a]: readonly [bigint, Bind], [b]: readonly [bigint, Bind]) =>
          a < b ? -1 : 1
        const fresh = [...new Binds(map.runs()).entries()].sort(byAddress)
        t.same([...binds.entries()].sort(byAddress), fresh, 'as one that begins with them')
        t.same([...told].sort(byAddress), fresh, 'and so does who was told of each change')
      }
    })
  )
})

t.test('a long run that says to be kept is not believed', async t => {
  const tail = tailWith('', web)
  const huge = { start: at(0), end: at(0) + (1n << 64n), register: run(0, 1, { tail }).register }
  t.same([...new Binds([huge]).entries()], [])
})

t.test('an own address is kept by a register of the next key, and goes with its bind', async t => {
  const book = new AddressBook({ normalMs: 30_000, scarceMs: 5_000 })
  const member = {
    index: 1,
    incarnation: 'me',
    node: 'n1',
    peer: '',
    machine: '',
    wire: { min: 1, max: 1 },
    since: 1
  }
  const other = { ...member, index: 2, incarnation: 'you', node: 'n2' }
  const view = {
    ...emptyView,
    index: 1,
    members: new Map([
      [1, member],
      [2, other]
    ]),
    byIncarnation: new Map([
      ['me', member],
      ['you', other]
    ])
  }
  const record = {
    ...{ runs: [run(1, 8)], marks: new Map([[1, 1]]), heard: new Map(), grants: [] },
    ...{ asked: new Map(), contests: [] }
  }
  const custody = new Custody('10.0.0.0/8', book, record, view, 'me')
  custody.binds.takeNews()
  const change = custody.planBind(at(3), web)
  t.match(change.marks, [[1, 2]])
  custody.apply(change)
  custody.checkInvariants()
  t.match(custody.map.at(at(3)), { seq: 1, owner: 1, writer: 1, wctr: 2 })
  t.same(custody.binds.takeNews(), [[at(3), { ...web, owner: 1 }]])
  custody.apply(custody.planGrant(2, 1, 'pool', [{ start: at(3), end: at(4) }]))
  t.match(custody.map.at(at(3)), { owner: 2, tail: tailWith('', web) })
  t.same(custody.binds.takeNews(), [[at(3), { ...web, owner: 2 }]])
  custody.apply(custody.planBind(at(4), { ...web, generation: 2 }))
  custody.apply(custody.planBind(at(4), undefined))
  t.match(custody.map.at(at(4)), { seq: 2, tail: '' })
  t.same(custody.binds.takeNews(), [[at(4), undefined]])
  custody.checkInvariants()
})
