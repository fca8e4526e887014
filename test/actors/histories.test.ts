// Random histories of a whole house, judged from outside: what was told, what was released, what leaks.
// The judge knows nothing of how the house works.

import assert from 'node:assert/strict'
import t from 'tap'
import { keyText } from '../../src/core/attachment.ts'
import { settle } from '../support/manual-clock.ts'
import * as fc from '../support/property.ts'
import { key, poolDocument } from '../support/samples.ts'
import { refuses, TestHouse } from '../support/test-house.ts'

const step = fc.record({
  what: fc.constantFrom(
    'add',
    'add',
    'add',
    'del',
    'del',
    'stale del',
    'abandon',
    'gc',
    'wait',
    'restart',
    'crash',
    'refuse',
    'vanish'
  ),
  who: fc.nat(5),
  ms: fc.nat(40_000)
})

t.test('never two with one address, and nothing leaks', async t => {
  const told = { adds: 0, refusals: 0, silences: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async steps => {
      const house = await new TestHouse([
        poolDocument('four', '10.9.0.0/29', ['10.9.0.2-10.9.0.4']),
        poolDocument('six', 'fd00::/64', ['fd00::2-fd00::6'])
      ]).open()
      /** What each key was told and not yet asked to give back. */
      const holders = new Map<string, readonly bigint[]>()
      const judge = () => {
        const all = [...holders.values()].flat()
        assert.equal(new Set(all).size, all.length, 'never two with one address')
        const stored = new Set(house.stored())
        for (const holder of holders.keys())
          assert.ok(stored.has(holder), 'what was told is durable')
      }
      for (const { what, who, ms } of steps) {
        const target = key(`c${who}`)
        const name = keyText(target)
        if (what === 'add') {
          const outcome = await house.add(target)
          if (outcome === 'no answer') told.silences += 1
          else if (typeof outcome === 'string') told.refusals += 1
          else {
            const known = holders.get(name)
            if (known !== undefined) assert.deepEqual(outcome, known, 'the same answer again')
            told.adds += 1
            holders.set(name, outcome)
          }
        } else if (what === 'del') {
          await house.del(target)
          holders.delete(name)
        } else if (what === 'stale del') {
          await house.del(target, 0)
        } else if (what === 'abandon') {
          const { client } = house.start(target)
          if (ms % 2 === 0) await settle()
          house.house.allocator.tell({ type: 'Abandon', key: target, client })
          await settle()
        } else if (what === 'gc') {
          const keep = [...holders.keys()].filter((_, i) => i % 2 === 0)
          await house.gc(
            'net1',
            keep.map(text => key(text.split('/')[1] ?? ''))
          )
          for (const holder of holders.keys()) if (!keep.includes(holder)) holders.delete(holder)
        } else if (what === 'wait') {
          await house.pass(ms, 5_000)
        } else if (what === 'restart') {
          await house.restart()
        } else if (what === 'crash') {
          house.store.fault = () => {
            house.store.fault = () => {}
            throw new Error('a mistake of ours')
          }
        } else if (what === 'refuse') {
          house.store.fault = () => {
            house.store.fault = () => {}
            refuses()
          }
        } else {
          // The pod dies without a DEL: the reaper has to notice.
          house.namespaces.gone.add(`/run/netns/c${who}`)
          await house.pass(90_000, 10_000)
          house.namespaces.gone.clear()
          holders.delete(name)
        }
        judge()
      }
      house.store.fault = () => {}
      for (let i = 0; i <= 5; i += 1) await house.del(key(`c${i}`))
      await house.pass(2_000)
      assert.deepEqual(house.stored(), [], 'nothing leaks')
      await house.pass(40_000, 5_000)
      assert.deepEqual(house.store.load().cooling, [], 'and everything is free again')
    }),
    { numRuns: 250 }
  )
  t.ok(told.adds > 100 && told.refusals > 10, `${told.adds} ADDs told, ${told.refusals} refused`)
})
