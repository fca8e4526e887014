// Conformance 44-46: the program being replaced, executed by hostile processes, or of another release
// than the daemon.

import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { eventually } from '../support/command.ts'
import { execute } from './execute.ts'
import { plainAddresses } from './result.ts'
import { codeOf, errorOf } from './verdict.ts'
import { type Answer, Client, decode, encode, type Message, Middleman, requestOf } from './wire.ts'
import { byShell, conformance, plugin, type World, type WorldOptions } from './world.ts'

const replacements = 100
const loops = 8

conformance('case 44: the program is replaced while it is executed', {}, async (w, t) => {
  const dir = mkdtempSync(join(w.daemon.dir, 'bin-'))
  const program = join(dir, 'orbweaver')
  let installed = 0
  const install = () => {
    // As an installer has to do it: whole and executable under another name first.
    const temporary = join(dir, `.orbweaver.${(installed += 1)}`)
    copyFileSync(plugin, temporary)
    chmodSync(temporary, 0o755)
    const file = openSync(temporary, 'r')
    fsyncSync(file)
    closeSync(file)
    renameSync(temporary, program)
  }
  install()
  const replaced = new AbortController()
  let executed = 0
  const loop = async (at: number) => {
    const pod = w.pod()
    for (let i = 0; !replaced.signal.aborted; i += 1) {
      const verb = at % 2 === 0 ? 'VERSION' : i % 2 === 0 ? 'ADD' : 'DEL'
      const env = w.runtime.environment(verb, pod)
      // Without libcni's patience: no execution may need it.
      const outcome = await execute({ program, env, stdin: w.stdin() })
      executed += 1
      if (outcome.code !== 0) t.fail(`${verb}: ${outcome.stdout.toString()}`)
    }
    await w.del(pod)
  }
  const running = Promise.all(Array.from({ length: loops }, (_, at) => loop(at)))
  const replacing = (async () => {
    for (let i = 0; i < replacements; i += 1) {
      install()
      await sleep(5)
    }
    replaced.abort()
  })()
  await Promise.all([running, replacing])
  t.ok(executed > replacements, `${executed} executions`)
  return 0
})

conformance('case 45: hostile surroundings', {}, async (w, t) => {
  const pod = w.pod()
  const env = w.runtime.environment('ADD', pod)
  const good: readonly [what: string, script: string, more?: Record<string, string>][] = [
    ['Node options', 'exec "$0"', { NODE_OPTIONS: '--bogus', NODE_PATH: '/nowhere' }],
    ['loader variables', 'exec "$0"', { LD_PRELOAD: '/nowhere.so', LD_LIBRARY_PATH: '/nowhere' }],
    ['locale variables', 'exec "$0"', { LC_ALL: 'xx_XX.junk', LANG: '', TZ: ':/nowhere' }],
    ['memory variables', 'exec "$0"', { MALLOC_PERTURB_: '165', GLIBC_TUNABLES: 'junk=1' }],
    ['no HOME and no PATH', 'unset HOME PATH; exec "$0"'],
    ['a deleted working directory', `d=$(mktemp -d); cd "$d"; rmdir "$d"; exec "$0"`],
    ['no stderr', 'exec "$0" 2>&-'],
    ['a full stderr', 'exec "$0" 2>/dev/full'],
    ['eight descriptors', 'ulimit -n 8; exec "$0"'],
    ['no core and little stack', 'ulimit -c 0; ulimit -s 256; exec "$0"'],
    ['ignored signals', `trap '' PIPE TERM HUP INT; exec "$0"`],
    ['a strange umask', 'umask 0777; exec "$0"'],
    ['low priority', 'exec nice -n 19 "$0"']
  ]
  for (const [what, script, more] of good) {
    const outcome = await byShell(script, {
      env: { PATH: '/usr/bin:/bin', ...env, ...more },
      stdin: w.stdin()
    })
    t.equal(codeOf(outcome), 0, `${what}: ${outcome.stdout.toString()} ${outcome.stderr}`)
    t.match(outcome.stdout.toString(), '10.9.0.2', what)
  }
  await w.del(pod)

  // What cannot be told must not be kept: no success without a document that somebody got.
  const unheard: readonly [what: string, script: string, stdin?: string][] = [
    ['no stdin', 'exec "$0" <&-'],
    ['stdin is a directory', 'exec "$0" </'],
    ['stdin is for writing only', 'exec "$0" 0>/dev/null'],
    ['no stdout', 'exec "$0" >&-'],
    ['a full stdout', 'exec "$0" >/dev/full'],
    ['stdout is for reading only', 'exec "$0" 1</dev/null'],
    ['no descriptor at all', 'exec "$0" <&- >&- 2>&-'],
    ['two descriptors', 'ulimit -n 2; exec "$0"'],
    ['three descriptors', 'ulimit -n 3; exec "$0"']
  ]
  const stdin = w.stdin({ ipam: { connect_timeout_seconds: 1 } })
  for (const [what, script] of unheard) {
    const outcome = await byShell(script, {
      env: { PATH: '/usr/bin:/bin', ...env },
      stdin
    })
    t.ok(outcome.code !== null && outcome.code > 0, `${what}: status ${outcome.code}`)
    const text = outcome.stdout.toString()
    if (text !== '') t.ok(errorOf(outcome.stdout)?.code, `${what}: ${text}`)
    await eventually(`${what}: nothing is kept`, async () => (await w.held()).length === 0)
  }
  const starved = { env: { PATH: '/usr/bin:/bin', ...w.runtime.environment('DEL', pod) } }
  for (const script of ['exec "$0" >&-', 'exec "$0" >/dev/full', 'ulimit -n 8; exec "$0"']) {
    await w.add(pod)
    t.equal((await byShell(script, { ...starved, stdin: w.stdin() })).code, 0, `DEL: ${script}`)
    t.same(await w.held(), [])
  }
  return 0
})

conformance('case 46: requests of another release', {}, async (w, t) => {
  using client = new Client(w.daemon.socket)
  const pod = w.pod()
  const fields = (extra: Message = {}): Message => ({
    cid: Buffer.from(pod.containerId),
    netns: Buffer.from(pod.netns),
    ifname: Buffer.from(pod.ifname),
    args: Buffer.from(pod.args ?? ''),
    conf: Buffer.from(w.stdin()),
    ...extra
  })
  const news: readonly [what: string, extra: Message][] = [
    ['nothing new', {}],
    ['a key that nobody knows', { hint: 'text', flags: [1, { a: null }], big: 2n ** 63n }],
    ['another version', { v: 2 }],
    ['no version', { v: undefined }],
    [
      'members of the configuration that nobody knows',
      { conf: Buffer.from(w.stdin({ entry: { news: { a: 1 } } })) }
    ]
  ]
  for (const [what, extra] of news) {
    const add = await client.settle(requestOf('ADD', fields(extra)))
    t.equal(add?.[1], 0, `${what}: ${String(add?.[2])}`)
    t.equal(add?.[0], 1, 'the answer has our version')
    t.same(plainAddresses(JSON.parse(String(add?.[2]))), ['10.9.0.2'], what)
  }
  const del = await client.settle(requestOf('DEL', fields({ news: true })))
  t.same([del?.[1], String(del?.[2])], [0, ''])

  const odd: readonly [what: string, message: unknown][] = [
    ['a verb that nobody knows', requestOf('PING', fields())],
    ['a list', [1, 2]],
    ['a number', 7],
    ['no verb', { ...requestOf('ADD', fields()), verb: undefined }],
    ['a container id that is a number', requestOf('ADD', fields({ cid: 7 }))]
  ]
  for (const [what, message] of odd) {
    using each = new Client(w.daemon.socket)
    const answer = await each.settle(message)
    t.ok(answer === undefined || answer[1] === 1, what)
  }
  {
    using each = new Client(w.daemon.socket)
    each.send(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]))
    t.equal(await each.receive(), undefined, 'a frame that is too long ends the connection')
  }
  {
    using each = new Client(w.daemon.socket)
    each.send(Buffer.from([0, 0, 0, 3, 0xc1, 0xc1, 0xc1]))
    const answer = await each.receive()
    t.ok(answer === undefined || answer[1] === 1, 'no msgpack')
  }
  await w.exec('DEL', pod)
  return 0
})

const watched = {
  config: { cooldown: { seconds: 0, scarceSeconds: 0 } },
  socket: daemon => `${daemon.dir}/middle.sock`
} satisfies WorldOptions
conformance('case 46: answers of another release', watched, async (w, t) => {
  const between = await Middleman.listen(`${w.daemon.dir}/middle.sock`, w.daemon.socket)
  w.onClose(() => between[Symbol.asyncDispose]())
  const news: readonly [what: string, rewrite: (answer: Answer) => unknown][] = [
    ['as it is', answer => answer],
    ['one more element', answer => [...answer, 'more']],
    [
      'more elements, nested',
      answer => [...answer, { a: [1, null] }, Buffer.from('x'), 1.5, -1, true]
    ],
    ['the body as bytes', ([v, status, body]) => [v, status, Buffer.from(String(body))]],
    ['the body as text', ([v, status, body]) => [v, status, String(body)]]
  ]
  for (const [what, rewrite] of news) {
    between.hooks = { onAnswer: body => encode(rewrite(decode(body) as Answer)) }
    const pod = w.pod()
    t.equal((await w.add(pod)).length, 1, what)
    await w.runtime.check(w.list(), pod)
    await w.del(pod)
    t.same(await w.held(), [], what)
  }
  await garbled(w, between, t)
  return 0
})

/** Answers that are none: the plugin says so, and nobody has an address. */
async function garbled(w: World, between: Middleman, t: Test) {
  const nonsense: readonly [what: string, body: Buffer][] = [
    ['a map', encode({ status: 0, body: '' })],
    ['a number', encode(7)],
    ['too short a list', encode([1])],
    ['a list with a text for a status', encode([1, 'fine', '{}'])],
    ['no msgpack', Buffer.from([0xc1])],
    ['half a list', Buffer.from([0x93, 1, 0])],
    [
      'a text that is longer than the frame',
      Buffer.from([0x93, 1, 0, 0xdb, 0x7f, 0xff, 0xff, 0xff])
    ]
  ]
  for (const [what, body] of nonsense) {
    between.hooks = { onAnswer: () => body }
    const add = await w.exec('ADD', w.pod())
    t.equal(codeOf(add), 6, `${what}: ${add.stdout.toString()}`)
  }
  between.hooks = {}
}

t.setTimeout(300_000)
