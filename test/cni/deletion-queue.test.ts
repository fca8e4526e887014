// What becomes of the files that plugins wrote while no daemon answered.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack } from 'msgpackr'
import t from 'tap'
import type { AllocatorMessage } from '../../src/actors/messages/allocator.ts'
import type { ActorRef } from '../../src/actors/runtime/ref.ts'
import { DeletionQueue } from '../../src/cni/deletion-queue.ts'
import { MemoryCoordinator } from '../support/memory-coordinator.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** Keeps what is released, but says of some containers that it could not be made durable. */
class ForgetfulAllocator implements ActorRef<AllocatorMessage> {
  readonly name = 'allocator'
  readonly released: string[] = []
  readonly forgets = new Set<string>()
  beforeAnswer = () => {}

  tell(message: AllocatorMessage): boolean {
    if (message.type !== 'Release') return false
    const { containerId } = message.key
    const durable = !this.forgets.has(containerId)
    if (durable) this.released.push(containerId)
    this.beforeAnswer()
    message.replyTo({ type: 'Released', addresses: [], durable, isDiskFull: false })
    return true
  }

  insist(message: AllocatorMessage): boolean {
    return this.tell(message)
  }

  watch() {
    return () => {}
  }
}

function stage() {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-queue-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const lines: { level: string; fields: Readonly<Record<string, unknown>>; message: string }[] = []
  const write =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push({ level, fields, message })
    }
  const log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error')
  }
  const allocator = new ForgetfulAllocator()
  const coordinator = new MemoryCoordinator()
  const queue = new DeletionQueue({
    directory,
    boot: 'boot-1',
    allocator,
    coordinator,
    clock: new ManualClock(),
    log
  })
  const put = (name: string, content: Uint8Array) => writeFileSync(join(directory, name), content)
  return {
    directory,
    lines,
    allocator,
    coordinator,
    queue,
    put,
    names: () => readdirSync(directory).sort()
  }
}

function release(containerId: string, more: object = {}): Buffer {
  return pack({
    ...{ v: 1, role: 'orbweaver', verb: 'DEL', start: 5, budget: 0, boot: 'boot-1' },
    ...{ cid: Buffer.from(containerId), ifname: Buffer.from('eth0'), netns: Buffer.alloc(0) },
    ...{ args: Buffer.alloc(0), path: Buffer.alloc(0), conf: Buffer.from('{"name":"net1"}') },
    ...more
  })
}

t.test('a file goes when its release is durable, and only those are counted', async t => {
  const { allocator, queue, put, names, lines } = stage()
  allocator.forgets.add('c2')
  for (const id of ['c1', 'c2', 'c3']) put(`${id}.del`, release(id))
  put('c4.del', Buffer.from('garbage'))
  await queue.drain()
  t.same(allocator.released.sort(), ['c1', 'c3'])
  t.same(names(), ['c2.del', 'c4.del.refused'])
  t.match(
    lines.find(({ message }) => message === 'deletion queue drained'),
    { fields: { count: 2 } }
  )
  lines.length = 0
  await queue.drain()
  t.same(lines, [], 'nothing has gone, and that is no news')
  allocator.forgets.clear()
  await queue.drain()
  t.same(names(), ['c4.del.refused'])
})

t.test('what the coordinator is to take back goes to the coordinator', async t => {
  const { allocator, coordinator, queue, put, names } = stage()
  put('c1.del', release('c1', { role: 'orbweaver-coordinator' }))
  put('c2.del', release('c2', { role: 'coordinator' }))
  coordinator.canUndo = false
  await queue.drain()
  t.same(names(), ['c1.del', 'c2.del'], 'what could not be finished waits')
  coordinator.canUndo = true
  await queue.drain()
  t.same(names(), [])
  t.same(coordinator.texts().slice(-2).sort(), [
    'coordinator net1/c1/eth0',
    'coordinator net1/c2/eth0'
  ])
  t.same(allocator.released, [], 'and nothing to the allocator')
})

t.test('a later DEL of the same attachment does not go with the earlier one', async t => {
  const { directory, allocator, queue, put, names } = stage()
  put('c1.del', release('c1'))
  allocator.beforeAnswer = () => {
    allocator.beforeAnswer = () => {}
    put('.later', release('c1', { start: 9 }))
    renameSync(join(directory, '.later'), join(directory, 'c1.del'))
  }
  await queue.drain()
  t.same(names(), ['c1.del'])
  await queue.drain()
  t.same(names(), [])
  t.same(allocator.released, ['c1', 'c1'])
})

t.test('what is no release is put aside', async t => {
  const { directory, queue, put, names, lines } = stage()
  put('add.del', release('c1', { verb: 'ADD' }))
  put('boot.del', release('c1', { boot: undefined }))
  put('id.del', release('../c1'))
  put('network.del', release('c1', { conf: Buffer.from('{}') }))
  put('large.del', Buffer.alloc(1024 * 1024 + 1))
  await queue.drain()
  const refused = ['add', 'boot', 'id', 'large', 'network'].map(name => `${name}.del.refused`)
  t.same(names(), refused)
  t.same([...new Set(lines.map(({ level }) => level))], ['error'])
  const files = new Set(lines.map(({ fields }) => fields['file']))
  t.same(files, new Set(refused.map(name => join(directory, name.replace('.refused', '')))))
})

t.test('of what was put aside the latest 256 are kept', async t => {
  const { directory, queue, put, names, lines } = stage()
  for (let i = 0; i < 260; i += 1) {
    const name = `${String(i).padStart(3, '0')}.del`
    put(name, Buffer.from('garbage'))
    utimesSync(join(directory, name), 1_000 + i, 1_000 + i)
  }
  put('README', Buffer.from('not ours'))
  await queue.drain()
  t.equal(names().length, 256 + 1)
  t.equal(names()[0], '004.del.refused')
  t.ok(names().includes('README'))
  t.match(lines.at(-1), { level: 'warn', fields: { count: 4 } })
})

t.test('a directory in the queue stops nothing', async t => {
  const { directory, allocator, queue, put } = stage()
  mkdirSync(join(directory, '.old'))
  utimesSync(join(directory, '.old'), 0, 0)
  mkdirSync(join(directory, 'x.del'))
  put('c1.del', release('c1'))
  await queue.drain()
  t.same(allocator.released, ['c1'])
})
