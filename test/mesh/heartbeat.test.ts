// Signs of life by hand: connections that only count, and a clock that stands until it is told.

import t from 'tap'
import { Heartbeat } from '../../src/mesh/heartbeat.ts'
import type { Connection, Stream } from '../../src/mesh/libp2p-node.ts'
import { heartbeatMs, heartbeatMsMax, silenceMs, silentBeats } from '../../src/mesh/mesh-limits.ts'
import type { Surroundings } from '../../src/mesh/surroundings.ts'
import { ManualClock } from '../support/manual-clock.ts'

type Hear = (event: { data: Uint8Array }) => void

class FakeConnection {
  readonly id: string
  readonly sent: number[] = []
  readonly remotePeer = { toString: () => 'peer' }
  status = 'open'
  #onMessage: Hear = () => {}

  constructor(id: number) {
    this.id = String(id)
  }

  get real(): Connection {
    return this as unknown as Connection
  }

  get stream(): Stream {
    const send = (bytes: Uint8Array) => this.sent.push(...bytes)
    const stream = { status: 'open', writableNeedsDrain: false, send }
    return {
      ...stream,
      addEventListener: (_type: string, hear: Hear) => (this.#onMessage = hear)
    } as unknown as Stream
  }

  newStream(): Promise<Stream> {
    return Promise.resolve(this.stream)
  }

  abort(): void {
    this.status = 'aborted'
  }

  /** The other side gives a sign. */
  hear(...bytes: number[]): void {
    this.#onMessage({ data: Uint8Array.from(bytes) })
  }
}

async function watching(count: number) {
  const clock = new ManualClock()
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const heartbeat = new Heartbeat({ clock, log } as unknown as Surroundings, '/alive')
  const connections = Array.from({ length: count }, (_, i) => new FakeConnection(i))
  heartbeat.start()
  for (const connection of connections) {
    heartbeat.onOpen(connection.real)
    heartbeat.hear(connection.stream, connection.real)
  }
  await new Promise(resolve => setImmediate(resolve))
  const [one = new FakeConnection(-1)] = connections
  return { one, connections, pass: (ms: number) => pass(clock, ms), stop: () => heartbeat.stop() }
}

/** As time passes for a process that is not held up. */
function pass(clock: ManualClock, ms: number): void {
  for (let passed = 0; passed < ms; passed += 500) clock.advance(500)
}

t.test('who has few connections gives a sign every two seconds', async t => {
  const { one, pass, stop } = await watching(2)
  for (let i = 0; i < 10; i++) {
    one.hear(2)
    pass(heartbeatMs)
  }
  t.ok(one.sent.length >= 10, `${one.sent.length} signs`)
  t.ok(one.sent.every(seconds => 1_000 * seconds === heartbeatMs))
  stop()
})

t.test('who has many gives fewer, and says so', async t => {
  const { one, connections, pass, stop } = await watching(100)
  one.sent.length = 0
  for (let i = 0; i < 10; i++) {
    for (const connection of connections) connection.hear(heartbeatMsMax / 1_000)
    pass(heartbeatMsMax)
  }
  t.ok(one.sent.length >= 9 && one.sent.length <= 11, `${one.sent.length} signs`)
  t.ok(one.sent.every(seconds => 1_000 * seconds === heartbeatMsMax))
  t.equal(one.status, 'open')
  stop()
})

t.test('silence is judged by what the other side has said', async t => {
  const { one, pass, stop } = await watching(1)
  one.hear(20)
  pass(silentBeats * 20_000 - heartbeatMs)
  t.equal(one.status, 'open', 'the third sign may still come')
  pass(2 * heartbeatMs)
  t.equal(one.status, 'aborted')
  stop()
})

t.test('a sign of an earlier release, or of a peer that would be silent for ever', async t => {
  const early = await watching(1)
  early.one.hear(0)
  early.pass(silenceMs + heartbeatMs)
  t.equal(early.one.status, 'aborted', 'says nothing of the next: as often as there are few')
  early.stop()
  const lazy = await watching(1)
  lazy.one.hear(255)
  lazy.pass(silentBeats * heartbeatMsMax + heartbeatMs)
  t.equal(lazy.one.status, 'aborted')
  lazy.stop()
})
