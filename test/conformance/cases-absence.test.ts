// Conformance 33-35, 47, 48, 53 and 55: namespaces that are not there, a daemon that is not there, and
// what the deletion queue makes of it.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { eventually } from '../support/command.ts'
import { launchDaemon } from '../support/daemon.ts'
import type { Execution } from './execute.ts'
import { fiveIpv4 } from './pools.ts'
import type { Attachment } from './runtime.ts'
import { codeOf, errorOf, failureFrom, treacherousWords } from './verdict.ts'
import { Client, requestOf } from './wire.ts'
import { conformance, plugin, type World } from './world.ts'

conformance('case 33: ADD wants a namespace, and not its own', {}, async (w, t) => {
  const file = join(w.daemon.dir, 'plain-file')
  writeFileSync(file, '')
  const gone = await w.namespace()
  await gone.remove()
  const rows = [
    ['gone', gone.path],
    ['never there', '/var/run/netns/orbweaver-never-there'],
    ['a plain file', file],
    ['a directory', w.daemon.dir],
    ['the own one', `/proc/${process.pid}/ns/net`],
    ['no absolute path', 'netns']
  ] as const
  for (const [what, netns] of rows) {
    const { code, message } = await failureFrom(w.add(w.pod({ netns })))
    t.ok(code === 4 || code === 8, `${what}: code ${code}: ${message}`)
    t.match(message, netns, 'the text names the path')
    t.same(await w.held(), [], what)
  }
  return 0
})

/** How far from its deadline a verb may end on a busy machine. */
const toleranceMs = 4000

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function queued(w: World): string[] {
  if (!existsSync(w.daemon.queue)) return []
  return readdirSync(w.daemon.queue).filter(name => name.endsWith('.del'))
}

const hasty = { ipam: { connect_timeout_seconds: 1 } }
conformance('case 34: no daemon: ADD and CHECK say so, DEL is kept', hasty, async (w, t) => {
  const pods = Array.from({ length: 3 }, () => w.pod())
  for (const pod of pods) await w.add(pod)
  await w.daemon.kill()
  const sockets = [
    ['a stale socket file', w.daemon.socket],
    ['no socket', join(w.daemon.dir, 'none.sock')],
    ['no directory', join(w.daemon.dir, 'none/none.sock')],
    ['a plain file', join(w.daemon.dir, 'config.yaml')]
  ] as const
  for (const [i, [what, socket]] of sockets.entries()) {
    const late = w.pod()
    const ms = await timed(async () => {
      const { code, message } = await failureFrom(w.add(late, { ipam: { socket } }))
      t.equal(code, 11, `${what}: ${message}`)
      t.match(message, socket, 'the text says where it looked')
    })
    t.ok(ms > 900 && ms < 1000 + toleranceMs, `${what}: ADD took ${ms.toFixed(0)} ms`)
    const pod = pods[i]
    if (pod === undefined) continue
    const list = w.list({ ipam: { socket } })
    const checked = await timed(async () => {
      t.equal((await failureFrom(w.runtime.check(list, pod))).code, 11)
    })
    t.ok(checked < 5000 + toleranceMs, `${what}: CHECK took ${checked.toFixed(0)} ms`)
    const patient = w.list({ ipam: { socket, connect_timeout_seconds: 30 } })
    const deleted = await timed(() => w.runtime.del(patient, pod))
    t.ok(deleted < toleranceMs, `${what}: DEL took ${deleted.toFixed(0)} ms`)
    t.equal(queued(w).length, i + 1, `${what}: DEL is kept`)
  }
  await w.restart()
  // It listens, so it must have drained before.
  t.same(queued(w), [])
  t.same(await w.held(), [])
  return 0
})

conformance('case 34: kept DELs of one container do not replace each other', {}, async (w, t) => {
  const eth0 = w.pod()
  const net1 = { ...eth0, ifname: 'net1' }
  const other = { name: 'net-b' }
  await w.add(eth0)
  await w.add(net1)
  await w.add(eth0, other)
  await w.daemon.stop()
  await w.del(eth0)
  await w.del(net1)
  await w.del(eth0, other)
  // But the same one again does: however often a runtime repeats it, the queue does not grow.
  await w.del(eth0)
  t.equal(queued(w).length, 3)
  await w.restart()
  t.same(await w.held(), [])
  return 0
})

conformance('case 34: ADD waits for a daemon that comes up meanwhile', {}, async (w, t) => {
  await w.daemon.stop()
  const adding = w.add(w.pod())
  await w.restart()
  t.same(await adding, ['10.9.0.2'])
  return 1
})

conformance('case 35: a daemon that hangs: ADD gives up, DEL is kept', {}, async (w, t) => {
  const pods = [w.pod(), w.pod()] as const
  for (const pod of pods) await w.add(pod)
  w.daemon.process.kill('SIGSTOP')
  const late = w.pod()
  const patience = (seconds: number) => ({ ipam: { answer_timeout_seconds: seconds } })
  const near = (ms: number, expected: number, what: string) => {
    t.ok(ms > expected - 100 && ms < expected + toleranceMs, `${what} took ${ms.toFixed(0)} ms`)
  }
  const add = timed(async () => t.equal((await failureFrom(w.add(late, patience(2)))).code, 11))
  // DEL has its own bound, and the configured one where that is shorter.
  const dels = [60, 2].map((seconds, i) => timed(() => w.del(pods[i] ?? late, patience(seconds))))
  near(await add, 2000, 'ADD')
  near((await dels[0]) ?? 0, 10_000, 'DEL')
  near((await dels[1]) ?? 0, 2000, 'DEL')
  t.equal(queued(w).length, 2)
  w.daemon.process.kill('SIGCONT')
  await eventually('the queue is drained', () => queued(w).length === 0)
  await eventually('everything is free', async () => (await w.held()).length === 0)
  // Deleted once: the same pod may come back at once and stays.
  const again = await w.add(pods[0])
  await w.add(late)
  t.same(await w.addressesHeld(pods[0]), again)
  return 2
})

const large = { ...fiveIpv4, subnet: '10.9.0.0/21', ips: ['10.9.0.2-10.9.4.255'] }
const manyDeletions = 500

conformance(
  'case 47: 500 kept DELs are drained while ADDs flow',
  { pools: [large] },
  async (w, t) => {
    const old = await manyPods(w, manyDeletions)
    t.equal((await w.held()).length, manyDeletions)
    // The plugin does not reach the daemon, but it finds the queue: half of it before, half meanwhile.
    const nowhere = { ipam: { socket: join(w.daemon.dir, 'none.sock') } }
    const keep = (pods: readonly Attachment[]) =>
      each(
        pods,
        4,
        async pod => void t.equal(codeOf(await w.exec('DEL', pod, { list: nowhere })), 0)
      )
    await w.daemon.stop()
    await keep(old.slice(0, manyDeletions / 2))
    t.equal(queued(w).length, manyDeletions / 2)
    const fresh = Array.from({ length: 40 }, () => w.pod())
    const adding = each(fresh, 4, async pod => void (await w.add(pod)))
    await w.restart()
    t.same(queued(w), [], 'what was kept before the start is drained before the first answer')
    await keep(old.slice(manyDeletions / 2))
    await adding
    await eventually('the queue is drained', () => queued(w).length === 0)
    const left = await eventually('all old ones are gone', async () => {
      const held = await w.held()
      return held.length <= fresh.length && held
    })
    const expected = fresh.map(({ containerId }) => containerId).toSorted()
    t.same(left.map(({ containerId }) => containerId).toSorted(), expected)
    return fresh.length
  }
)

/** Attachments by hand over one connection: as many processes would take longer than the case. */
async function manyPods(w: World, count: number): Promise<readonly Attachment[]> {
  using client = new Client(w.daemon.socket)
  const pods = Array.from({ length: count }, () => w.pod())
  for (const { containerId, netns, ifname } of pods) {
    const ids = { cid: containerId, netns, ifname, conf: w.stdin() }
    const bytes = Object.entries(ids).map(([key, text]) => [key, Buffer.from(text)] as const)
    const answer = await client.settle(requestOf('ADD', Object.fromEntries(bytes)))
    if (answer?.[1] !== 0) throw new Error(`ADD by hand: ${String(answer?.[2])}`)
  }
  return pods
}

async function each<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>) {
  const rest = items.values()
  const lane = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

conformance('case 48: an old kept DEL does not undo a newer ADD', {}, async (w, t) => {
  const pod = w.pod()
  await w.add(pod)
  await w.daemon.stop()
  await w.del(pod)
  const [name = ''] = queued(w)
  const kept = join(w.daemon.dir, 'kept')
  copyFileSync(join(w.daemon.queue, name), kept)
  await w.restart()
  const told = await w.add(pod)
  // Put back into a running daemon's queue, and into that of one that starts.
  const putBack = () => {
    copyFileSync(kept, join(w.daemon.queue, '.again'))
    renameSync(join(w.daemon.queue, '.again'), join(w.daemon.queue, name))
  }
  putBack()
  await eventually('the daemon has looked at it', () => queued(w).length === 0)
  t.same(await w.addressesHeld(pod), told)
  await w.daemon.stop()
  putBack()
  await w.restart()
  t.same(queued(w), [])
  t.same(await w.addressesHeld(pod), told)
  await w.runtime.check(w.list(), pod)
  return 1
})

conformance('case 53: no text of a failed DEL can be taken for success', {}, async (w, t) => {
  const pod = w.pod()
  await w.add(pod)
  const nowhere = join(w.daemon.dir, 'none.sock')
  const blocked = join(w.daemon.dir, 'config.yaml/queue')
  const full = join(w.daemon.dir, 'full')
  mkdirSync(full)
  for (let i = 0; i < 4096; i += 1) writeFileSync(join(full, `${i}.del`), '')
  const { name: _, ...rest } = JSON.parse(w.stdin())
  const nameless = JSON.stringify(rest)
  const queue = (path: string) => ({ list: { ipam: { socket: nowhere, queue: path } } })
  const long = 'x'.repeat(200)
  const failing: readonly [what: string, () => Promise<Execution>, code: number | undefined][] = [
    ['no environment', () => w.exec('DEL', pod, { env: { CNI_COMMAND: 'DEL' } }), 4],
    ['a bad container id', () => w.exec('DEL', w.pod({ containerId: '../no such' })), 4],
    ['a bad interface', () => w.exec('DEL', w.pod({ ifname: 'no such file' })), 4],
    ['no stdin', () => w.exec('DEL', pod, { stdin: '' }), 6],
    ['junk on stdin', () => w.exec('DEL', pod, { stdin: 'junk' }), 6],
    ['no name', () => w.exec('DEL', pod, { stdin: nameless }), 7],
    ['a bad version', () => w.exec('DEL', w.pod(), { list: { cniVersion: '9.9.9' } }), undefined],
    ['the queue is no directory', () => w.exec('DEL', pod, queue(blocked)), 5],
    ['the queue is nowhere', () => w.exec('DEL', pod, queue('/proc/none/queue')), 5],
    ['the queue is full', () => w.exec('DEL', pod, queue(full)), 5],
    [
      'a socket path that is too long',
      () => w.exec('DEL', w.pod(), { list: { ipam: { socket: `/tmp/${long}` } } }),
      undefined
    ]
  ]
  for (const [what, execute, code] of failing) {
    const execution = await execute()
    const text = execution.stdout.toString()
    if (code !== undefined) t.equal(codeOf(execution), code, `${what}: ${text}`)
    t.notMatch(`${text}${execution.stderr}`, treacherousWords, what)
    if (execution.code !== 0) t.ok((errorOf(execution.stdout)?.msg ?? '').length > 10, what)
  }
  return 1
})

conformance('case 55: a stopped daemon leaves all that pods need to end', {}, async (w, t) => {
  const pods = [w.pod(), w.pod()] as const
  for (const pod of pods) await w.add(pod)
  const left = [plugin, w.daemon.poolDir, w.daemon.queue, join(w.daemon.dir, 'config.yaml')]
  t.equal(await w.daemon.stop(), 0)
  for (const path of left) t.ok(existsSync(path), path)
  await w.del(pods[0])
  t.same(queued(w).length, 1)
  // The next daemon knows nothing but what is on the disk.
  const next = launchDaemon(w.daemonOptions)
  w.adopt(next)
  await eventually('it answers', () =>
    w.held().then(
      held => held.length === 1,
      () => false
    )
  )
  t.same(await w.addressesHeld(), ['10.9.0.3'])
  await w.runtime.check(w.list(), pods[1])
  await w.del(pods[1])
  return 0
})

t.setTimeout(300_000)
