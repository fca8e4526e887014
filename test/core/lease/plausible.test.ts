// What the registry explains of what others say: nothing beyond its records, its ranges and its decisions.

import t from 'tap'
import { plausibleContests, plausibly } from '../../../src/core/lease/plausible.ts'
import type { Register, Run } from '../../../src/core/lease/register.ts'
import { type ClusterView, emptyView } from '../../../src/core/registry/cluster-view.ts'
import { at, register, run } from './lease-samples.ts'

const domain = '10.0.0.0/24'
const decided = { fence: 3, seq: 0, owner: 1, writer: 0, wctr: 0, tail: '' }
const view: ClusterView = {
  ...emptyView,
  index: 7,
  domains: new Map([[domain, { decided: [run(0, 8, decided)], draining: [] }]])
}

function isPlausible(one: Run): boolean {
  const [plausible, forged] = plausibly(view, domain, [one])
  t.equal(plausible.length + forged.length, 1)
  return plausible.length === 1
}

t.test('registers', async t => {
  const written = { fence: 3, seq: 1, owner: 2, writer: 1, wctr: 1 }
  const rows: [string, Run, boolean][] = [
    ['what a member wrote', run(0, 8, written), true],
    ['of the last record', run(0, 8, { ...written, fence: 7 }), true],
    ['of the next', run(0, 8, { ...written, fence: 8 }), false],
    ['partly beyond the range', run(6, 4, written), false],
    ['wholly beyond it', run(9, 1, written), false],
    ['what was decided', run(2, 3, decided), true],
    ['decided otherwise', run(2, 3, { ...decided, owner: 2 }), false],
    ['decided later', run(2, 3, { ...decided, seq: 1 }), false],
    ['decided, with a tail', run(2, 3, { ...decided, tail: '00' }), false]
  ]
  for (const [what, one, expected] of rows) t.equal(isPlausible(one), expected, what)
  t.same(plausibly(view, '10.9.0.0/24', [run(0, 1, written)])[0], [], 'of another subnet')
})

t.test('contests', async t => {
  const one: Register = register({ fence: 3, seq: 2, owner: 2, writer: 2 })
  const other: Register = { ...one, owner: 1 }
  const of = (i: number, a: Register, b: Register) =>
    plausibleContests(view, domain, [{ address: at(i), claims: [a, b] }]).length === 1
  t.ok(of(0, one, other))
  t.notOk(of(8, one, other), 'where there is no custody')
  t.notOk(of(0, one, one), 'of a register with itself')
  t.notOk(of(0, one, { ...other, seq: 3 }), 'of two keys')
  t.notOk(of(0, { ...one, fence: 8 }, { ...other, fence: 8 }), 'of a record that is not there')
})
