// The plugin without a daemon that answers: the budgets, the words, and the deletion queue.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { unpack } from 'msgpackr'
import t from 'tap'
import { buildPlugin } from '../../scripts/build-plugin.ts'
import { FakeDaemon, frame, type Behaviour, type WireRequest } from '../support/fake-daemon.ts'
import { attachment, errorOf, execute, temporaryDirectory, until } from '../support/plugin.ts'

const directory = temporaryDirectory(t)
const plugin = buildPlugin({ output: join(directory, 'orbweaver') })
const socket = join(directory, 'cni.sock')
const queue = join(directory, 'deep', 'down', 'queue')
const result = { cniVersion: '1.0.0', ips: [] }
const verbs = ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS'] as const

function config(more: object = {}): string {
  const budgets = { connect_timeout_seconds: 0.2, answer_timeout_seconds: 0.3 }
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'blue',
    ipam: { socket, queue, ...budgets, ...more }
  })
}

function environment(verb: string): Record<string, string> {
  return { ...attachment, CNI_COMMAND: verb }
}

/** The file name that docs/wire.md demands; the network is JSON text. */
function queueName(network: string, id: string, interfaceName: string, ...role: string[]): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from([network, id, interfaceName, ...role, ''].join('\0'))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return `${hash.toString(16).padStart(16, '0')}.del`
}

/** A socket file that nobody listens on: its owner was killed. */
function abandonedSocket(): void {
  const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  try {
    execFileSync(process.execPath, ['-e', script, socket], { stdio: 'ignore' })
  } catch {
    // as intended
  }
  if (!statSync(socket).isSocket()) throw new Error('there is no socket')
}

const silent: Behaviour = () => {}

t.test('the daemon is not there', async t => {
  // The time may be up while the last of many connections is still open.
  const cut = /reset|Broken pipe|timed out/
  const rows: [string, () => Promise<Disposable | AsyncDisposable>, RegExp][] = [
    ['no socket', async () => disposable(), /Nothing is there/],
    [
      'nobody listens',
      async () => {
        abandonedSocket()
        return disposable(() => execFileSync('rm', [socket]))
      },
      /refused/
    ],
    [
      'the connection ends',
      async () => stopping(await FakeDaemon.start(socket, ({ socket }) => void socket.destroy())),
      cut
    ],
    [
      'the answer is cut short',
      async () =>
        stopping(
          await FakeDaemon.start(
            socket,
            ({ socket }) => void socket.end(frame(Buffer.from('half')).subarray(0, 6))
          )
        ),
      cut
    ]
  ]
  for (const [what, arrange, why] of rows) {
    await using _ = await arrange()
    for (const verb of verbs) {
      const name = `${verb}, ${what}`
      const outcome = await execute(plugin, { env: environment(verb), stdin: config() })
      t.ok(outcome.took < 5000, `${name}: in time (${outcome.took} ms)`)
      if (verb === 'DEL' || verb === 'GC') {
        t.match(outcome, { status: 0, stdout: '', stderr: '' }, name)
        continue
      }
      const error = errorOf(t, outcome, verb === 'STATUS' ? 50 : 11, name)
      t.match(error.details, why, name)
      t.match(error.msg, socket, name)
      t.ok(outcome.took >= 190, `${name}: it was looked for (${outcome.took} ms)`)
    }
  }
})

t.test('when the time is up while nobody is there, it says what it has found', async t => {
  abandonedSocket()
  t.teardown(() => execFileSync('rm', [socket]))
  const stdin = config({ connect_timeout_seconds: 30 })
  for (const verb of ['ADD', 'CHECK'] as const) {
    const outcome = await execute(plugin, { env: environment(verb), stdin })
    t.match(errorOf(t, outcome, 11, verb).details, /refused/, verb)
  }
})

t.test('the daemon does not answer', async t => {
  const daemon = await FakeDaemon.start(socket, silent)
  t.teardown(() => daemon.stop())
  for (const verb of verbs) {
    const outcome = await execute(plugin, { env: environment(verb), stdin: config() })
    t.ok(outcome.took >= 290 && outcome.took < 5000, `${verb}: in time (${outcome.took} ms)`)
    if (verb === 'DEL' || verb === 'GC')
      t.match(outcome, { status: 0, stdout: '', stderr: '' }, verb)
    else t.match(errorOf(t, outcome, verb === 'STATUS' ? 50 : 11, verb).details, /timed out/)
    t.equal(await daemon.conversations.at(-1)?.acknowledged, false, verb)
  }
})

t.test('STATUS waits less than a second, whatever is configured', async t => {
  const stdin = config({ connect_timeout_seconds: 30, answer_timeout_seconds: 30 })
  const outcome = await execute(plugin, { env: environment('STATUS'), stdin })
  errorOf(t, outcome, 50, 'no daemon')
  t.ok(outcome.took < 3000, `${outcome.took} ms`)
  const daemon = await FakeDaemon.start(socket, silent)
  t.teardown(() => daemon.stop())
  const slow = await execute(plugin, { env: environment('STATUS'), stdin })
  errorOf(t, slow, 50, 'a silent daemon')
  t.ok(slow.took < 3000, `${slow.took} ms`)
  t.ok(daemon.conversation.request.budget <= 900)
})

t.test('the text of an error is the same for every try', async t => {
  const texts = new Set<string>()
  for (let i = 0; i < 3; i += 1) {
    texts.add((await execute(plugin, { env: environment('ADD'), stdin: config() })).stdout)
  }
  t.equal(texts.size, 1)
})

t.test('what is no answer of a daemon', async t => {
  const rows: [string, Buffer][] = [
    ['nothing in the frame', frame(Buffer.alloc(0))],
    ['a frame beyond the limit', Buffer.from([0, 0x10, 0, 1])],
    ['the largest length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a map', frame(Buffer.from([0x80, 0, 0, 0]))],
    ['another version', frame(Buffer.from([0x93, 2, 0, 0xa0]))],
    ['another status', frame(Buffer.from([0x93, 1, 2, 0xa0]))],
    ['a body that is a number', frame(Buffer.from([0x93, 1, 0, 0]))],
    ['a body longer than the frame', frame(Buffer.from([0x93, 1, 0, 0xa3, 0x7b, 0x7d]))],
    ['a body of 4 GiB', frame(Buffer.from([0x93, 1, 0, 0xdb, 0xff, 0xff, 0xff, 0xff]))],
    ['a length that is cut', frame(Buffer.from([0x93, 1, 0, 0xda, 0]))],
    ['a body that is no JSON', frame(Buffer.from([0x93, 1, 0, 0xa2, 0x7b, 0x7b]))],
    ['a body with a tail', frame(Buffer.from([0x93, 1, 0, 0xa3, 0x7b, 0x7d, 0x7d]))],
    ['an error without words', frame(Buffer.from([0x93, 1, 1, 0xa0]))]
  ]
  for (const [what, bytes] of rows) {
    const daemon = await FakeDaemon.start(socket, ({ socket }) => void socket.write(bytes))
    await using _ = stopping(daemon)
    for (const verb of verbs) {
      const outcome = await execute(plugin, { env: environment(verb), stdin: config() })
      if (verb === 'DEL' || verb === 'GC')
        t.match(outcome, { status: 0, stdout: '' }, `${verb}, ${what}`)
      else errorOf(t, outcome, 6, `${verb}, ${what}`)
    }
    for (const each of daemon.conversations) t.equal(await each.acknowledged, false, what)
  }
})

t.test('an answer that says more than this release knows is taken', async t => {
  const bytes = frame(Buffer.from([0x95, 1, 0, 0xa2, 0x7b, 0x7d, 0xc0, 7]))
  await using _ = stopping(await FakeDaemon.start(socket, ({ socket }) => void socket.write(bytes)))
  t.match(await execute(plugin, { env: environment('ADD'), stdin: config() }), {
    status: 0,
    stdout: '{}'
  })
})

t.test('a daemon that hangs up at once is none', async t => {
  await using _ = stopping(await FakeDaemon.start(socket, ({ socket }) => void socket.destroy()))
  const stdin = config({ connect_timeout_seconds: 0.5, answer_timeout_seconds: 30 })
  const outcome = await execute(plugin, { env: environment('ADD'), stdin })
  errorOf(t, outcome, 11, 'ADD')
  t.ok(outcome.took >= 490 && outcome.took < 5000, `${outcome.took} ms`)
})

t.test('the time that a daemon has worked is not taken from looking for the next', async t => {
  const first = Promise.withResolvers<void>()
  const daemon = await FakeDaemon.start(socket, () => first.resolve())
  const stdin = config({ connect_timeout_seconds: 1, answer_timeout_seconds: 30 })
  const outcome = execute(plugin, { env: environment('ADD'), stdin })
  await first.promise
  await new Promise(resolve => setTimeout(resolve, 1500))
  await daemon.stop()
  await new Promise(resolve => setTimeout(resolve, 300))
  await using _ = stopping(await FakeDaemon.start(socket, each => each.answer(result)))
  t.match(await outcome, { status: 0, stdout: JSON.stringify(result) })
})

t.test('an ADD outlives a restart of the daemon', async t => {
  const first = Promise.withResolvers<void>()
  const daemon = await FakeDaemon.start(socket, () => first.resolve())
  const stdin = config({ connect_timeout_seconds: 20, answer_timeout_seconds: 30 })
  const outcome = execute(plugin, { env: environment('ADD'), stdin })
  await first.promise
  await daemon.stop()
  await using _ = stopping(await FakeDaemon.start(socket, each => each.answer(result)))
  t.match(await outcome, { status: 0, stdout: JSON.stringify(result) })
})

t.test('an ADD waits for a daemon that starts', async t => {
  const stdin = config({ connect_timeout_seconds: 20, answer_timeout_seconds: 30 })
  const outcome = execute(plugin, { env: environment('ADD'), stdin })
  const daemon = await FakeDaemon.start(socket, each => each.answer(result))
  await using _ = stopping(daemon)
  t.match(await outcome, { status: 0 })
  t.equal(await daemon.conversation.acknowledged, true)
})

t.test('the answer may come in pieces', async t => {
  const answer = frame(Buffer.from([0x93, 1, 0, 0xa2, 0x7b, 0x7d]))
  const behave: Behaviour = async ({ socket }) => {
    for (const byte of answer) {
      socket.write(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
  }
  await using _ = stopping(await FakeDaemon.start(socket, behave))
  t.match(await execute(plugin, { env: environment('ADD'), stdin: config() }), {
    status: 0,
    stdout: '{}'
  })
})

t.test('more clients than the backlog takes', async t => {
  const server: Server = createServer()
  await new Promise<void>(resolve => void server.listen({ path: socket, backlog: 1 }, resolve))
  t.teardown(() => void server.close())
  const shell = `for i in 1 2 3 4 5 6 7 8; do "$0" < ${join(directory, 'conf')} & done; wait`
  writeFileSync(join(directory, 'conf'), config())
  const { stdout } = await execute(plugin, { env: environment('ADD'), shell })
  const errors = stdout.trim().split('\n')
  t.equal(errors.length, 8)
  for (const error of errors) t.match(JSON.parse(error), { code: 11 })
})

t.test('a deletion is kept', async t => {
  const kept = join(directory, 'kept')
  const env = { ...environment('DEL'), CNI_NETNS: '', CNI_ARGS: 'A=1' }
  t.match(await execute(plugin, { env, stdin: config({ queue: kept }) }), { status: 0, stdout: '' })
  const name = queueName('"blue"', 'c0ffee', 'eth0')
  t.strictSame(readdirSync(kept), [name], 'under its name, and nothing else')
  t.equal(statSync(kept).mode & 0o777, 0o700)
  t.equal(statSync(join(kept, name)).mode & 0o777, 0o600)
  const request = read(join(kept, name))
  t.match(request, { v: 1, role: 'orbweaver', verb: 'DEL' })
  t.equal(request.boot, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  t.equal(request.cid.toString(), 'c0ffee')
  t.equal(request.netns.toString(), '')
  t.equal(request.args.toString(), 'A=1')
  t.equal(request.conf.toString(), config({ queue: kept }))

  t.match(
    await execute(plugin, { env: { ...env, CNI_ARGS: 'A=2' }, stdin: config({ queue: kept }) }),
    { status: 0 }
  )
  t.strictSame(readdirSync(kept), [name], 'a later one replaces it')
  const later = read(join(kept, name))
  t.equal(later.args.toString(), 'A=2')
  t.ok(Number(later.start) > Number(request.start))

  t.match(
    await execute(plugin, { env: { ...env, CNI_IFNAME: 'net1' }, stdin: config({ queue: kept }) }),
    { status: 0 }
  )
  t.strictSame(
    readdirSync(kept).toSorted(),
    [name, queueName('"blue"', 'c0ffee', 'net1')].toSorted()
  )
  t.strictSame(readdirSync(queue).length, 1, 'those of the tests above are one attachment')
})

t.test('the coordinator of an attachment has a deletion of its own', async t => {
  const kept = join(directory, 'kept-by-role')
  const stdin = JSON.stringify({ name: 'blue', socket, queue: kept, mode: 'auto' })
  const argv0 = '/opt/cni/bin/orbweaver-coordinator'
  const env = environment('DEL')
  t.match(await execute(plugin, { env, stdin: config({ queue: kept }) }), { status: 0 })
  t.match(await execute(plugin, { env, stdin, argv0 }), { status: 0, stdout: '' })
  const own = queueName('"blue"', 'c0ffee', 'eth0', 'orbweaver-coordinator')
  t.strictSame(
    readdirSync(kept).toSorted(),
    [queueName('"blue"', 'c0ffee', 'eth0'), own].toSorted()
  )
  t.match(read(join(kept, own)), { role: 'orbweaver-coordinator', verb: 'DEL' })
  t.equal(read(join(kept, own)).conf.toString(), stdin, 'with all of its configuration')
  const bad = JSON.stringify({ name: 'blue', socket: 'run/cni.sock' })
  const { msg } = errorOf(
    t,
    await execute(plugin, { env: environment('ADD'), stdin: bad, argv0 }),
    7,
    'ADD'
  )
  t.match(msg, /an unusable socket/)
})

t.test('a deletion without a network name is kept as well', async t => {
  for (const [conf, network] of [
    ['{}', ''],
    ['null', ''],
    ['{"name":7}', '7'],
    ['{"NAME":"a","name":"b"}', '"b"']
  ] as const) {
    const kept = join(directory, `kept${queueName(conf, '', '')}`)
    const stdin =
      conf === 'null'
        ? 'null'
        : conf.replace(/}$/, `${conf === '{}' ? '' : ','}"ipam":${ipam(kept)}}`)
    if (stdin === 'null') continue // its queue would be that of the machine
    t.match(await execute(plugin, { env: environment('DEL'), stdin }), { status: 0 }, conf)
    t.strictSame(readdirSync(kept), [queueName(network, 'c0ffee', 'eth0')], conf)
  }
})

t.test('a deletion that cannot be kept fails and says so', async t => {
  const file = join(directory, 'file')
  writeFileSync(file, '')
  const occupied = join(directory, 'occupied')
  mkdirSync(join(occupied, queueName('"blue"', 'c0ffee', 'eth0')), { recursive: true })
  const rows: [string, string][] = [
    ['a file is in the way', join(file, 'queue')],
    ['nothing can be made there', '/proc/orbweaver/queue'],
    ['a directory has the name', occupied]
  ]
  for (const [what, path] of rows) {
    const outcome = await execute(plugin, {
      env: environment('DEL'),
      stdin: config({ queue: path })
    })
    t.match(errorOf(t, outcome, 5, what).msg, path, what)
  }
  t.equal(readdirSync(occupied).length, 1, 'no temporary file is left')

  const tight = join(directory, 'tight')
  const shell = 'ulimit -f 0; exec "$0"'
  const stdin = config({ queue: tight })
  errorOf(
    t,
    await execute(plugin, { env: environment('DEL'), stdin, shell }),
    5,
    'no room for a file'
  )
  t.strictSame(readdirSync(tight), [], 'no room for a file')
})

t.test('the queue is bounded', async t => {
  const full = join(directory, 'full')
  mkdirSync(full)
  for (let i = 0; i < 4095; i += 1) writeFileSync(join(full, `${i}.del`), '')
  writeFileSync(join(full, '.temporary'), '')
  const stdin = config({ queue: full })
  t.match(
    await execute(plugin, { env: environment('DEL'), stdin }),
    { status: 0 },
    'the last place'
  )
  const other = { ...environment('DEL'), CNI_CONTAINERID: 'other' }
  const error = errorOf(t, await execute(plugin, { env: other, stdin }), 5, 'one too many')
  t.match(error.details, /quota/i)
  t.match(
    await execute(plugin, { env: environment('DEL'), stdin }),
    { status: 0 },
    'replacing goes on'
  )
  t.equal(readdirSync(full).length, 4097)
})

t.test('deletions at the same time leave one whole file', async t => {
  const kept = join(directory, 'crowded')
  const stdin = config({ queue: kept })
  const runs = Array.from({ length: 16 }, () => execute(plugin, { env: environment('DEL'), stdin }))
  for (const outcome of await Promise.all(runs)) t.match(outcome, { status: 0 })
  const name = queueName('"blue"', 'c0ffee', 'eth0')
  await until('the queue has one file', () => readdirSync(kept).length === 1)
  t.equal(read(join(kept, name)).verb, 'DEL')
})

function ipam(path: string): string {
  return JSON.stringify({ socket, queue: path })
}

function read(path: string): WireRequest {
  return unpack(readFileSync(path)) as WireRequest
}

function disposable(dispose: () => void = () => {}): Disposable {
  return { [Symbol.dispose]: dispose }
}

function stopping(daemon: FakeDaemon): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => daemon.stop() }
}
