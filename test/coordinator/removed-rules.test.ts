// A rule of the host that is about to go is as good as gone.

import t from 'tap'
import { RemovedRules } from '../../src/coordinator/removed-rules.ts'
import { lookupRule } from '../../src/coordinator/made-routes.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import { unseen } from '../../src/kernel/view.ts'

const rule = lookupRule({ family: 4, priority: 1000, table: 500 })
const other = lookupRule({ family: 4, priority: 1001, table: 500 })
const host = { ...unseen, rules: [rule, other] }
const removal: readonly Operation[] = [{ type: 'DeleteRule', at: 'Host', rule }]

t.test('of a look that is older than the removal', async t => {
  const removed = new RemovedRules()
  const look = removed.look()
  t.same(look.without(host).rules, [rule, other])
  await removed.during(removal, () => Promise.resolve())
  t.same(look.without(host).rules, [other])
  t.same(removed.look().without(host).rules, [rule, other], 'somebody has put it there since')
})

t.test('of a look while the removal is on its way, ordered long before', async t => {
  const removed = new RemovedRules()
  const first = Promise.withResolvers<undefined>()
  const second = Promise.withResolvers<undefined>()
  const doing = [first, second].map(({ promise }) => removed.during(removal, () => promise))
  const look = removed.look()
  t.same(look.without(host).rules, [other])
  first.resolve(undefined)
  await doing[0]
  t.same(look.without(host).rules, [other], 'another one goes on')
  second.resolve(undefined)
  await doing[1]
  t.same(look.without(host).rules, [other], 'it was seen before it went')
  t.same(removed.look().without(host).rules, [rule, other])
})

t.test('who wants it waits for all removals, however they end', async t => {
  const removed = new RemovedRules()
  const removing = Promise.withResolvers<undefined>()
  const doing = removed.during(removal, () => removing.promise).catch(() => {})
  let isSettled = false
  const waiting = removed.settle([{ type: 'PutRule', at: 'Host', rule }]).then(() => {
    isSettled = true
  })
  await removed.settle([{ type: 'PutRule', at: 'Pod', rule }])
  t.equal(isSettled, false)
  removing.reject(new Error('no'))
  await Promise.all([doing, waiting])
})
