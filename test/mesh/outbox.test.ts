// What waits for a peer is bounded by count, bytes and age; what a peer may say is measured.

import t from 'tap'
import type { Clock } from '../../src/ports/clock.ts'
import { Allowance } from '../../src/mesh/allowance.ts'
import { framed, unframed } from '../../src/mesh/frames.ts'
import { Outbox } from '../../src/mesh/outbox.ts'

let now = 0
const clock: Clock = {
  monotonicMs: () => now,
  bootNs: () => 0n,
  wallMs: () => 0,
  after: () => () => {}
}

async function first(outbox: Outbox): Promise<readonly Uint8Array[]> {
  const end = new AbortController()
  for await (const frames of outbox.leave(end.signal)) return frames
  return []
}

t.test('the oldest goes when there are too many', async t => {
  const outbox = new Outbox(clock)
  for (let i = 0; i < 300; i += 1) outbox.push(Uint8Array.of(i & 255))
  t.equal(outbox.dropped, 44)
  const frames = await first(outbox)
  t.equal(frames.length, 256)
  t.same(frames[0], Uint8Array.of(44))
  t.ok(outbox.isEmpty)
})

t.test('the oldest goes when they are too large', async t => {
  const outbox = new Outbox(clock)
  for (let i = 0; i < 5; i += 1) outbox.push(new Uint8Array(1024 * 1024).fill(i))
  t.equal(outbox.dropped, 1)
  const frames = await first(outbox)
  t.equal(frames.length, 1, 'large ones leave alone')
  t.equal(frames[0]?.[0], 1)
})

t.test('what has waited too long goes', async t => {
  const outbox = new Outbox(clock)
  outbox.push(Uint8Array.of(1))
  now += 3000
  outbox.push(Uint8Array.of(2))
  now += 2000
  outbox.expire()
  t.same(await first(outbox), [Uint8Array.of(2)])
  t.equal(outbox.dropped, 1)
})

t.test('what nobody takes any more stays', async t => {
  const outbox = new Outbox(clock)
  const end = new AbortController()
  const leaving = outbox.leave(end.signal)
  const next = leaving.next()
  end.abort()
  t.equal((await next).done, true)
  outbox.push(Uint8Array.of(3))
  t.same(await first(outbox), [Uint8Array.of(3)])
})

t.test('a peer may say 2,000 frames a second, and twice as many at once', async t => {
  const allowance = new Allowance(clock)
  let waits = 0
  for (let i = 0; i < 4000; i += 1) waits += allowance.charge(10)
  t.equal(waits, 0)
  t.notOk(allowance.isFull())
  t.equal(allowance.charge(10), 1)
  for (let i = 0; i < 1999; i += 1) allowance.charge(10)
  t.equal(allowance.charge(10), 1001)
  now += 1002
  t.ok(allowance.charge(10) <= 1)
  now += 60_000
  t.ok(allowance.isFull())
  t.ok(allowance.charge(24 * 1024 * 1024) >= 1000, 'bytes count as well')
})

t.test('frames come out as they went in, however they are cut', async t => {
  const frames = [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(70_000).fill(7)]
  const bytes = framed(frames)
  for (const size of [1, 3, 4, 5, 1000, 80_000]) {
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const out: Uint8Array[] = []
    for await (const frame of unframed(70_000)(pieces())) out.push(Uint8Array.from(frame))
    t.same(out, frames)
  }
  async function* tooLong() {
    yield Buffer.from('00011171', 'hex')
  }
  await t.rejects(unframed(70_000)(tooLong()).next(), { code: 'ERR_FRAME_INVALID' })
})
