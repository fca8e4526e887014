// The socket from a client's side: confirmations, clients that leave, garbage, a stop in the middle.

import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack, unpack } from 'msgpackr'
import t from 'tap'
import type { Abandon, AllocatorMessage, Deliver } from '../../src/actors/messages/allocator.ts'
import type { ActorRef } from '../../src/actors/runtime/ref.ts'
import { type Desk, serveCni } from '../../src/cni/server.ts'
import { carryOut } from '../../src/cni/verbs.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { listenAt } from '../../src/host/unix-socket.ts'
import type { NodeEvent } from '../../src/core/event.ts'
import { cniService } from '../support/cni-service.ts'
import { attachment } from '../support/samples.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** An allocator that answers at once, or when it is told to, and notes what became of its answers. */
class ScriptedAllocator implements ActorRef<AllocatorMessage> {
  readonly name = 'allocator'
  readonly outcomes: (Abandon | Deliver)[] = []
  readonly asked: AllocatorMessage[] = []
  answers = true
  released = { durable: true, isDiskFull: false }

  tell(message: AllocatorMessage): boolean {
    this.asked.push(message)
    if (message.type === 'Allocate' && this.answers) this.answer()
    if (message.type === 'Release') {
      message.replyTo({ type: 'Released', addresses: [], ...this.released })
    }
    if (message.type === 'Deliver' || message.type === 'Abandon') this.outcomes.push(message)
    return true
  }

  insist(message: AllocatorMessage): void {
    this.tell(message)
  }

  answer(): void {
    const message = this.asked.findLast(({ type }) => type === 'Allocate')
    if (message?.type !== 'Allocate') throw new Error('nobody has asked')
    message.replyTo({ type: 'Allocated', attachment: attachment('c1', ['10.9.0.5']) })
  }

  watch() {
    return () => {}
  }
}

async function world(allocator: ScriptedAllocator | { why: string } = new ScriptedAllocator()) {
  const events: NodeEvent[] = []
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-server-'))
  const path = join(directory, 'cni.sock')
  const service = cniService({
    allocator,
    chronicle: { note: event => void events.push(event) }
  })
  const desk: Desk = { ...service, carryOut: (...asked) => carryOut(...asked, service) }
  const server = await serveCni(path, listenAt, desk, silent)
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return { path, server, allocator, events }
}

function frame(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

function request(verb: string, more: object = {}, fields: object = {}): Buffer {
  const conf = { cniVersion: '1.1.0', name: 'net1', ipam: { type: 'orbweaver' }, ...more }
  return frame(
    pack({
      ...{ v: 1, role: 'orbweaver', verb, start: 5, budget: 2_000 },
      ...{
        cid: Buffer.from('c1'),
        ifname: Buffer.from('eth0'),
        netns: Buffer.from('/run/netns/a')
      },
      ...{ args: Buffer.alloc(0), path: Buffer.alloc(0), conf: Buffer.from(JSON.stringify(conf)) },
      ...fields
    })
  )
}

async function client(path: string): Promise<Socket> {
  const socket = connect(path)
  await once(socket, 'connect')
  return socket
}

async function answerOf(socket: Socket): Promise<{ status: number; body: string }> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  const [, status, body] = unpack(chunk.subarray(4)) as [number, number, string]
  return { status, body }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !condition(); i += 1) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const confirmation = Buffer.alloc(4)

t.test('a confirmed answer stays, on a connection that goes on', async t => {
  const { path, server, allocator } = await world()
  if ('why' in allocator) return
  t.equal(statSync(path).mode & 0o777, 0o600, 'for root alone')
  const socket = await client(path)
  for (let i = 0; i < 3; i += 1) {
    socket.write(request('ADD'))
    t.match(await answerOf(socket), { status: 0, body: /10\.9\.0\.5\/24/ })
    socket.write(confirmation)
  }
  socket.end()
  await until(() => allocator.outcomes.length === 3)
  t.same(
    allocator.outcomes.map(({ type }) => type),
    ['Deliver', 'Deliver', 'Deliver']
  )
  await server.stop()
})

t.test('a client that leaves without a word had no answer', async t => {
  const { path, server, allocator } = await world()
  if ('why' in allocator) return
  const after = await client(path)
  after.write(request('ADD'))
  await answerOf(after)
  after.destroy()
  await until(() => allocator.outcomes.length === 1)
  allocator.answers = false
  const before = await client(path)
  before.write(request('ADD'))
  await until(() => allocator.asked.filter(({ type }) => type === 'Allocate').length === 2)
  before.destroy()
  await until(() => allocator.outcomes.length === 2)
  t.same(
    allocator.outcomes.map(({ type }) => type),
    ['Abandon', 'Abandon']
  )
  allocator.answer()
  await server.stop()
})

t.test('a stop waits for what was accepted, and takes nothing back of its own', async t => {
  const { path, server, allocator } = await world()
  if ('why' in allocator) return
  const idle = await client(path)
  const told = await client(path)
  told.write(request('ADD'))
  await answerOf(told)
  const stopped = server.stop()
  await once(idle, 'close')
  t.same(allocator.outcomes, [])
  told.write(confirmation)
  await stopped
  t.match(allocator.outcomes, [{ type: 'Deliver' }])
})

t.test('errors are told in the version of the configuration', async t => {
  const { path, server } = await world()
  const socket = await client(path)
  socket.write(request('ADD', { ipam: { type: 'x' }, cniVersion: '0.4.0' }))
  const { status, body } = await answerOf(socket)
  t.equal(status, 1)
  t.match(JSON.parse(body), { cniVersion: '0.4.0', code: 7 })
  socket.write(request('GC'))
  t.match(JSON.parse((await answerOf(socket)).body), { code: 7, msg: /valid-attachments/ })
  socket.write(request('STATUS'))
  t.same(await answerOf(socket), { status: 0, body: '' })
  socket.end()
  await server.stop()
})

t.test('a client that confirms what it has not got, or floods, gets nothing', async t => {
  for (const more of [
    confirmation,
    Buffer.concat([request('STATUS'), request('STATUS'), request('STATUS')])
  ]) {
    const { path, server, allocator } = await world()
    if ('why' in allocator) return
    allocator.answers = false
    const socket = await client(path)
    socket.write(request('ADD'))
    await until(() => allocator.asked.length === 1)
    socket.write(more)
    await once(socket, 'close')
    t.match(allocator.outcomes, [{ type: 'Abandon' }])
    allocator.answer()
    await server.stop()
  }
})

t.test('the boot and the future of a client are not believed', async t => {
  const { path, server, allocator } = await world()
  if ('why' in allocator) return
  const socket = await client(path)
  socket.write(request('ADD', {}, { boot: 'elsewhere', start: 2n ** 62n }))
  await answerOf(socket)
  const [asked] = allocator.asked
  if (asked?.type !== 'Allocate') throw new Error('nobody has asked')
  t.equal(asked.sandbox.began.boot, 'boot-1')
  t.ok(asked.sandbox.began.ns <= systemClock.bootNs())
  socket.end()
  await server.stop()
})

t.test(
  'a DEL that cannot be stored is left to the queue, but for a full disk, which would refuse it too',
  async t => {
    const { path, server, allocator } = await world()
    if ('why' in allocator) return
    allocator.released = { durable: false, isDiskFull: true }
    const full = await client(path)
    full.write(request('DEL'))
    t.same(await answerOf(full), { status: 0, body: '' })
    full.end()
    allocator.released = { durable: false, isDiskFull: false }
    const broken = await client(path)
    broken.write(request('DEL', {}, { role: 'another' }))
    await once(broken, 'close')
    await server.stop()
  }
)

t.test('garbage ends the connection and nothing else', async t => {
  const { path, server } = await world()
  for (const bytes of [Buffer.alloc(4, 0xff), frame(Buffer.from([0xc1])), frame(pack('x'))]) {
    const socket = await client(path)
    socket.write(bytes)
    await once(socket, 'close')
  }
  const socket = await client(path)
  socket.write(request('STATUS'))
  t.equal((await answerOf(socket)).status, 0)
  socket.end()
  await server.stop()
})

t.test('a node that cannot serve says why, and leaves a DEL to the queue', async t => {
  const { path, server } = await world({ why: 'the database is damaged; restore it' })
  const socket = await client(path)
  for (const [verb, code] of [
    ['ADD', 113],
    ['STATUS', 51]
  ] as const) {
    socket.write(request(verb))
    t.match(JSON.parse((await answerOf(socket)).body), { code, msg: /n1.*damaged; restore it/ })
  }
  socket.write(request('DEL'))
  await once(socket, 'close')
  t.pass('no answer, so the plugin writes it down')
  await server.stop()
})

t.test('a trace of the runtime goes along, and what is no trace does not', async t => {
  const { path, server, allocator, events } = await world()
  if ('why' in allocator) return
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const rows: [string, string | undefined][] = [
    [`00-${traceId}-00f067aa0ba902b7-01`, traceId],
    ['nonsense', undefined],
    ['', undefined]
  ]
  for (const [text, expected] of rows) {
    const socket = await client(path)
    socket.write(request('ADD', {}, { trace: Buffer.from(text) }))
    await answerOf(socket)
    socket.destroy()
    const asked = allocator.asked.findLast(({ type }) => type === 'Allocate')
    t.equal(asked?.type === 'Allocate' ? asked.trace : 'nothing', expected)
    await until(() => events.length > 0)
    t.match(events.splice(0), [{ type: 'Answered', verb: 'ADD', code: 0, ms: Number }])
    t.equal(events.length, 0)
  }
  await server.stop()
})

t.test('each answer is told with its code', async t => {
  const { path, server, events } = await world({ why: 'the database is damaged' })
  const socket = await client(path)
  socket.write(request('ADD'))
  await answerOf(socket)
  socket.write(request('STATUS'))
  await answerOf(socket)
  await until(() => events.length === 2)
  t.match(events, [
    { type: 'Answered', verb: 'ADD', code: 113 },
    { type: 'Answered', verb: 'STATUS', code: 51 }
  ])
  socket.destroy()
  await server.stop()
})
