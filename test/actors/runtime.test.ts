// The thin layer over nact: order, bounds, death.

import t from 'tap'
import { ActorSystem } from '../../src/actors/runtime/actor-system.ts'
import { ask } from '../../src/actors/runtime/ask.ts'
import type { ReplyTo } from '../../src/actors/runtime/ref.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'

type Message =
  | { readonly type: 'Add'; readonly n: number }
  | { readonly type: 'Sum'; readonly replyTo: ReplyTo<number> }
  | { readonly type: 'Ignore'; readonly replyTo: ReplyTo<number> }
  | { readonly type: 'Crash' }
  | { readonly type: 'Later'; readonly n: number }
  | { readonly type: 'Work'; readonly work: () => Promise<number> }

function world() {
  const clock = new ManualClock()
  const system = new ActorSystem(clock)
  const seen: number[] = []
  const actor = system.spawn<Message, number>({
    name: 'adder',
    mailboxLimit: 4,
    start: () => 0,
    receive: (sum, message, context) => {
      switch (message.type) {
        case 'Add':
          seen.push(message.n)
          return sum + message.n
        case 'Sum':
          message.replyTo(sum)
          return sum
        case 'Ignore':
          return sum
        case 'Crash':
          throw new Error('on purpose')
        case 'Later':
          context.schedule('later', 100, { type: 'Add', n: message.n })
          return sum
        case 'Work':
          context.pipe(
            message.work(),
            n => ({ type: 'Add', n }),
            () => ({ type: 'Add', n: -1 })
          )
          return sum
      }
    }
  })
  return { clock, system, actor, seen, timing: { clock, timeoutMs: 1_000 } }
}

t.test('messages keep their order and a question gets its own answer', async t => {
  const { actor, seen, timing } = world()
  for (const n of [1, 2, 3]) actor.tell({ type: 'Add', n })
  t.equal(await ask(actor, { type: 'Sum' }, timing), 6)
  t.same(seen, [1, 2, 3])
})

t.test('a full mailbox refuses, and who asks hears it at once', async t => {
  const { actor, timing } = world()
  const told = [1, 2, 3, 4, 5].map(n => actor.tell({ type: 'Add', n }))
  t.same(told, [true, true, true, true, false])
  await t.rejects(ask(actor, { type: 'Sum' }, timing), { name: 'AskError', reason: 'Refused' })
  await settle()
  t.equal(actor.tell({ type: 'Add', n: 1 }), true)
})

t.test('what must arrive does, and what an actor started itself comes back to it', async t => {
  const { actor, seen } = world()
  actor.tell({ type: 'Work', work: () => Promise.resolve(9) })
  for (const n of [1, 2, 3]) actor.tell({ type: 'Add', n })
  actor.insist({ type: 'Add', n: 4 })
  await settle()
  t.same(seen, [1, 2, 3, 4, 9])
})

t.test('silence ends in a timeout', async t => {
  const { actor, clock, timing } = world()
  const asked = ask(actor, { type: 'Ignore' }, timing)
  clock.advance(1_000)
  await t.rejects(asked, { name: 'AskError', reason: 'Timeout' })
})

t.test('a crash tells everybody who waits, with its cause', async t => {
  const { actor, timing, system } = world()
  const asked = ask(actor, { type: 'Ignore' }, timing)
  actor.tell({ type: 'Crash' })
  await t.rejects(asked, { name: 'AskError', reason: 'Stopped', cause: { message: 'on purpose' } })
  t.equal(actor.tell({ type: 'Add', n: 1 }), false)
  t.match(system.vitals(), [{ name: 'adder', stopped: { type: 'Crashed' } }])
})

t.test('a stop empties the mailbox first', async t => {
  const { actor, system, seen } = world()
  actor.tell({ type: 'Add', n: 1 })
  actor.tell({ type: 'Add', n: 2 })
  await system.stop()
  t.same(seen, [1, 2])
  t.equal(actor.tell({ type: 'Add', n: 3 }), false)
})

t.test(
  'a scheduled message comes in its time, and the later one of a name replaces the earlier',
  async t => {
    const { actor, clock, seen } = world()
    actor.tell({ type: 'Later', n: 1 })
    actor.tell({ type: 'Later', n: 2 })
    await settle()
    clock.advance(99)
    await settle()
    t.same(seen, [])
    clock.advance(1)
    await settle()
    t.same(seen, [2])
  }
)

t.test('the end of work outside comes as a message', async t => {
  const { actor, seen } = world()
  actor.tell({ type: 'Work', work: () => Promise.resolve(7) })
  actor.tell({ type: 'Work', work: () => Promise.reject(new Error('no')) })
  await settle()
  t.same(seen, [7, -1])
})

t.test('protocols are checked by the compiler', async t => {
  const { actor, timing } = world()
  const wrong = () => {
    // @ts-expect-error a message of another protocol
    actor.tell({ type: 'Multiply', n: 2 })
    // @ts-expect-error a message without an answer cannot be asked
    void ask(actor, { type: 'Later', n: 1 }, timing)
    // @ts-expect-error the answer is a number
    const sum: Promise<string> = ask(actor, { type: 'Sum' }, timing)
    return sum
  }
  t.type(wrong, 'function')
  const sum: number = await ask(actor, { type: 'Sum' }, timing)
  t.equal(sum, 0)
})
