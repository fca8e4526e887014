// The audit log: what is in it, who may read it, and what becomes of it when there is much of it or no disk.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { NodeEvent } from '../../src/core/event.ts'
import { systemRandom as random } from '../../src/host/system-random.ts'
import { AuditLog } from '../../src/telemetry/audit-log.ts'
import { MemoryChronicle } from '../../src/telemetry/memory-chronicle.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { ip, key } from '../support/samples.ts'

const addresses = [{ address: ip('10.9.0.2'), pool: 'blue' }]
const ordered: NodeEvent = {
  ...{ type: 'OrderGiven', order: '/v1/drain', body: {}, status: 200 },
  by: 'uid 0, orb, process 7'
}
const granted: NodeEvent = {
  ...{ type: 'LeaseGranted', subnet: '10.9.0.0/24', to: { member: 2, node: 'n2' } },
  ...{ pool: 'blue', request: 3 },
  runs: [
    {
      ...{ start: ip('10.9.0.0'), end: ip('10.9.0.8') },
      register: { fence: 3, seq: 1, owner: 2, writer: 1, wctr: 4, tail: '' }
    }
  ]
}

function opened(t: Test) {
  const directory = join(mkdtempSync(join(tmpdir(), 'orbweaver-audit-')), 'audit')
  t.teardown(() => rmSync(join(directory, '..'), { recursive: true, force: true }))
  const clock = new ManualClock()
  const complaints: string[] = []
  const log = {
    ...{ debug() {}, info() {}, warn() {} },
    error: (_: unknown, what: string) => void complaints.push(what)
  }
  const chronicle = new MemoryChronicle({ clock, random, log })
  const open = () => new AuditLog({ directory, node: 'n1', chronicle, clock, log })
  const lines = (name = 'audit.jsonl') =>
    readFileSync(join(directory, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
  return { directory, clock, chronicle, complaints, open, lines }
}

t.test('orders, custody and what was released by force, and nothing of every day', async t => {
  const { directory, chronicle, open, lines } = opened(t)
  const audit = open()
  chronicle.note({ type: 'Allocated', key: key('c1'), pod: {}, addresses })
  chronicle.note({ type: 'Released', key: key('c1'), pod: {}, addresses, cause: 'DEL' })
  chronicle.note({ type: 'Committed', changes: 1, ms: 1, isDurable: true })
  chronicle.note({ type: 'MemberReachable', member: 2, node: 'n2' })
  chronicle.note(ordered)
  chronicle.note(granted)
  chronicle.note({
    ...{ type: 'Released', key: key('c2'), pod: {}, addresses, cause: 'Operator' },
    why: 'Ann says that it is gone'
  })
  await audit.stop()
  t.match(lines(), [
    {
      ...{ on: 'n1', seq: 1, type: 'OrderGiven', by: 'uid 0, orb, process 7' },
      at: /^\d{4}-\d\d-\d\dT.*Z$/
    },
    {
      type: 'LeaseGranted',
      to: { node: 'n2' },
      runs: [{ range: '10.9.0.0-10.9.0.7', key: '3.1' }]
    },
    { type: 'Released', cause: 'Operator', why: 'Ann says that it is gone' }
  ])
  t.equal(lines().length, 3)
  t.equal(statSync(directory).mode & 0o777, 0o700)
  t.equal(statSync(join(directory, 'audit.jsonl')).mode & 0o777, 0o600)
})

t.test('a process adds to what the one before has written', async t => {
  const { chronicle, open, lines } = opened(t)
  for (let i = 0; i < 2; i += 1) {
    const audit = open()
    chronicle.note(ordered)
    await audit.stop()
  }
  t.equal(lines().length, 2)
})

t.test('it is written a moment later, on its own', async t => {
  const { clock, chronicle, open, lines, directory } = opened(t)
  const audit = open()
  chronicle.note(ordered)
  t.throws(() => readdirSync(directory), 'not inside the noting')
  clock.advance(250)
  const isThere = () => {
    try {
      return lines().length === 1
    } catch {
      return false
    }
  }
  while (!isThere()) await new Promise(resolve => setImmediate(resolve))
  await audit.stop()
  t.equal(lines().length, 1, 'once')
})

t.test('files are turned over, and there are never more than nine', async t => {
  const { directory, chronicle, open, lines } = opened(t)
  mkdirSync(directory)
  for (let i = 1; i <= 8; i += 1) writeFileSync(join(directory, `audit-0000000${i}.jsonl`), '{}\n')
  writeFileSync(join(directory, 'audit.jsonl'), 'x'.repeat(8 * 1024 * 1024))
  const audit = open()
  chronicle.note(ordered)
  await audit.stop()
  t.same(readdirSync(directory).sort(), [
    ...[2, 3, 4, 5, 6, 7, 8, 9].map(i => `audit-0000000${i}.jsonl`),
    'audit.jsonl'
  ])
  t.equal(lines().length, 1)
  t.equal(statSync(join(directory, 'audit-00000009.jsonl')).size, 8 * 1024 * 1024)
})

t.test('while it cannot be written it waits, and what no longer fits is counted', async t => {
  const { directory, clock, chronicle, complaints, open, lines } = opened(t)
  writeFileSync(directory, 'a file in the place of the directory')
  const audit = open()
  chronicle.note(ordered)
  clock.advance(250)
  while (complaints.length === 0) await new Promise(resolve => setImmediate(resolve))
  for (let i = 0; i < 4_100; i += 1) chronicle.note(ordered)
  rmSync(directory)
  await audit.stop()
  t.match(complaints, [/the audit log cannot be written/])
  t.equal(complaints.length, 1)
  const [first, ...others] = lines()
  t.same(first, { lost: 5 })
  t.equal(others.length, 4_096)
})
