// What is remembered of events, and what a reader gets that is slow, late or broken.

import t from 'tap'
import type { NodeEvent } from '../../src/core/event.ts'
import {
  followersMax,
  MemoryChronicle,
  piledMax,
  rememberedMax
} from '../../src/telemetry/memory-chronicle.ts'
import type { Follower } from '../../src/ports/chronicle.ts'
import { systemRandom } from '../../src/host/system-random.ts'
import { ManualClock } from '../support/manual-clock.ts'

const begun: NodeEvent = { type: 'DrainBegun' }
const ended: NodeEvent = { type: 'DrainEnded' }

function opened() {
  const clock = new ManualClock()
  const errors: string[] = []
  const log = {
    ...{ debug: () => {}, info: () => {}, warn: () => {} },
    error: (_: unknown, message: string) => void errors.push(message)
  }
  return { clock, errors, chronicle: new MemoryChronicle({ clock, random: systemRandom, log }) }
}

function note(chronicle: MemoryChronicle, count: number): void {
  for (let i = 0; i < count; i += 1) chronicle.note(begun)
}

t.test('events are numbered and remembered', async t => {
  const { chronicle, clock } = opened()
  chronicle.note(begun)
  clock.advance(1_000)
  chronicle.note(ended)
  const { entries, dropped } = chronicle.after(0)
  t.same(
    entries.map(({ seq, event }) => [seq, event.type]),
    [
      [1, 'DrainBegun'],
      [2, 'DrainEnded']
    ]
  )
  t.equal((entries[1]?.atMs ?? 0) - (entries[0]?.atMs ?? 0), 1_000)
  t.equal(dropped, 0)
  t.same(
    chronicle.after(1).entries.map(({ seq }) => seq),
    [2]
  )
  t.same(chronicle.after(2), { entries: [], dropped: 0 })
  t.same(chronicle.after(99), { entries: [], dropped: 0 }, 'a number that has not come yet')
})

t.test('what no longer fits is forgotten, and who asks is told how much', async t => {
  const { chronicle } = opened()
  note(chronicle, rememberedMax + 10)
  const { entries, dropped } = chronicle.after(0)
  t.equal(entries.length, rememberedMax)
  t.equal(entries[0]?.seq, 11)
  t.equal(dropped, 10)
  t.equal(chronicle.after(5).dropped, 5)
  t.equal(chronicle.after(10).dropped, 0)
})

t.test('what is only measured is not remembered, and counted', async t => {
  const { chronicle } = opened()
  const seen: string[] = []
  const stop = chronicle.count(({ type }) => seen.push(type))
  chronicle.note({ type: 'Committed', changes: 1, ms: 0.2, isDurable: true })
  chronicle.note(begun)
  stop()
  chronicle.note(ended)
  t.same(seen, ['Committed', 'DrainBegun'])
  t.same(
    chronicle.after(0).entries.map(({ event }) => event.type),
    ['DrainBegun', 'DrainEnded']
  )
})

t.test('a follower is called once for what lies there', async t => {
  const { chronicle } = opened()
  let calls = 0
  chronicle.note(begun)
  const follower = chronicle.follow(() => (calls += 1)) as Follower
  note(chronicle, 3)
  t.equal(calls, 1)
  t.same(
    follower.take().entries.map(({ seq }) => seq),
    [2, 3, 4],
    'from now on'
  )
  chronicle.note(ended)
  t.equal(calls, 2)
  follower.end()
  follower.take()
  chronicle.note(ended)
  t.equal(calls, 2)
})

t.test('a slow follower loses events and is told how many; others lose none', async t => {
  const { chronicle } = opened()
  const slow = chronicle.follow(() => {})
  const quick = chronicle.follow(() => {})
  let taken = 0
  for (let i = 0; i < piledMax + 5; i += 1) {
    chronicle.note(begun)
    taken += quick?.take().entries.length ?? 0
  }
  t.equal(taken, piledMax + 5)
  const pile = slow?.take()
  t.equal(pile?.dropped, piledMax)
  t.equal(pile?.entries.length, 5)
  t.same(slow?.take(), { entries: [], dropped: 0 })
})

t.test('there is an end to followers', async t => {
  const { chronicle } = opened()
  const all = Array.from({ length: followersMax }, () => chronicle.follow(() => {}))
  t.equal(
    chronicle.follow(() => {}),
    undefined
  )
  all[0]?.end()
  t.ok(chronicle.follow(() => {}))
})

t.test('a listener that fails hurts nobody', async t => {
  const { chronicle, errors } = opened()
  const fail = () => {
    throw new Error('a mistake')
  }
  chronicle.count(fail)
  chronicle.follow(fail)
  chronicle.note(begun)
  t.equal(chronicle.after(0).entries.length, 1)
  t.equal(errors.length, 2)
})
