// A thread that is kept: begun when it is needed, replaced when it ends or stands still.

import t, { type Test } from 'tap'
import { KeptThread, type Lively } from '../src/kept-thread.ts'
import { eventually } from './support/command.ts'
import { keptLog } from './support/link-lan.ts'
import type { LogFields } from '../src/ports/log.ts'

/** What the thread of this test answers. */
type OfThread = Lively & {
  readonly number: (nothing: undefined) => number
  readonly die: (nothing: undefined) => undefined
  readonly stand: (ms: number) => undefined
  readonly echo: (text: string) => string
  readonly fail: (text: string) => undefined
}
type OfTest = { readonly shout: (text: string) => string }

/** `begin`: what it does then; `times` is how often one has begun by now. */
function program(begin: string): URL {
  const text = `
    import { parentPort, threadId, workerData } from 'node:worker_threads'
    import { ThreadLine } from '${import.meta.resolve('../src/thread-line.ts')}'
    const counter = new Int32Array(workerData.counter)
    const line = new ThreadLine(parentPort, {
      begin: () => {
        const times = Atomics.add(counter, 0, 1) + 1
        ${begin}
      },
      live: () => undefined,
      close: () => void setImmediate(() => parentPort.close()),
      number: () => threadId,
      die: () => {
        setImmediate(() => { throw new Error('it has had enough') })
        return new Promise(() => {})
      },
      stand: ms => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
      echo: text => line.ask('shout', text),
      fail: text => { throw new Error(text) }
    })`
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`)
}

function stage(t: Test, begin = '', lifeMax = 10_000) {
  const lines: string[] = []
  const keep = ({ why }: LogFields, message: string) =>
    void lines.push(`${message}: ${String(why)}`)
  const log = { ...keptLog(), lines, error: keep }
  const counter = new Int32Array(new SharedArrayBuffer(4))
  const thread = new KeptThread<OfThread, OfTest>({
    ...{ name: 'the thread', program: program(begin), log },
    start: () => ({ counter: counter.buffer }),
    handlers: { shout: text => text.toUpperCase() },
    ...{ youngMegabytes: 1 },
    patience: { again: 10, lifeEvery: 20, lifeMax, closeMax: 5_000 }
  })
  t.teardown(() => thread.close())
  return { thread, log, timesBegun: () => Atomics.load(counter, 0) }
}

t.test('it begins with whoever needs it first, and once', async t => {
  const { thread, log, timesBegun } = stage(t)
  t.equal(timesBegun(), 0)
  const [one, other] = await Promise.all([thread.line(), thread.line()])
  t.equal(one, other)
  t.equal(await one.ask('echo', 'both ends ask'), 'BOTH ENDS ASK')
  await t.rejects(one.ask('fail', 'no such thing'), { message: 'no such thing' })
  t.equal(timesBegun(), 1)
  await thread.close()
  t.same(log.lines, [])
  await t.rejects(one.ask('echo', 'x'), /the thread: it ended/)
})

t.test('one that ends is replaced, and whoever asked it hears of that', async t => {
  const { thread, log } = stage(t)
  const before = await thread.line()
  const number = await before.ask('number', undefined)
  await t.rejects(before.ask('die', undefined), /the thread: it has had enough/)
  await eventually('another one', async () => (await thread.line()) !== before)
  t.not(await (await thread.line()).ask('number', undefined), number)
  t.match(log.lines, [/has ended; another one begins: .*it has had enough/])
})

t.test('one that stands still is replaced', async t => {
  const { thread, log } = stage(t, '', 2_000)
  const before = await thread.line()
  await t.rejects(before.ask('stand', 60_000), /does not answer/)
  await eventually('another one', async () => (await thread.line()) !== before)
  t.equal(await (await thread.line()).ask('echo', 'x'), 'X')
  t.match(log.lines, [/another one begins: .*it does not answer/])
})

t.test('one that cannot begin is tried again, while whoever needs it waits', async t => {
  const { thread, log, timesBegun } = stage(t, `if (times < 3) throw new Error('the disk is full')`)
  t.equal(await (await thread.line()).ask('echo', 'x'), 'X')
  t.equal(timesBegun(), 3)
  t.match(log.lines, [/does not begin/, /does not begin/])
})

t.test('whoever cannot wait hears at once that it cannot begin', async t => {
  const { thread, timesBegun } = stage(t, `if (times < 3) throw new Error('the disk is full')`)
  await t.rejects(thread.lineNow(), /the disk is full/)
  await eventually('it has begun', () => timesBegun() === 3)
  t.equal(await (await thread.lineNow()).ask('echo', 'x'), 'X')
})

t.test('one that does not come to an end of its beginning is tried again', async t => {
  const standing = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)'
  const { thread, log } = stage(t, `if (times < 2) ${standing}`, 2_000)
  await t.rejects(thread.lineNow(), /does not answer/)
  t.equal(await (await thread.line()).ask('echo', 'x'), 'X')
  t.match(log.lines, [/does not begin/])
})

t.test('who waits when all ends hears of it', async t => {
  const { thread } = stage(t, `throw new Error('never')`)
  const waiting = t.rejects(thread.line(), /is stopping/)
  await thread.close()
  await waiting
})
