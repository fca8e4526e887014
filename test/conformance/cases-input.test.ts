// Conformance 26-32: stdin and environment as nobody should write them, and as somebody will.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Execution } from './execute.ts'
import type { Verb } from './runtime.ts'
import { codeOf, errorOf } from './verdict.ts'
import { byShell, conformance, plugin, type World } from './world.ts'

const tenMiB = 10 * 1024 * 1024

conformance('case 26: stdin that ends too early is code 6', {}, async (w, t) => {
  const whole = Buffer.from(w.stdin())
  const pod = w.pod()
  const codes: (number | undefined)[] = []
  // Four at a time: the order does not matter and there are hundreds.
  const lengths = Array.from({ length: whole.length }, (_, i) => i).values()
  const worker = async () => {
    for (const length of lengths) {
      codes[length] = codeOf(await w.exec('ADD', pod, { stdin: whole.subarray(0, length) }))
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  t.equal(codes.length, whole.length)
  t.same(new Set(codes), new Set([6]), `${codes.findIndex(code => code !== 6)} bytes`)
  const nameless = JSON.stringify({ ipam: { socket: w.daemon.socket, connect_timeout_seconds: 1 } })
  t.equal(codeOf(await w.exec('ADD', pod, { stdin: nameless })), 7, 'JSON without a name')
  for (const stdin of ['null', '{}', ' {\n} ']) {
    // Objects, so it looks for a daemon where the defaults say; that there is none is not their fault.
    t.not(codeOf(await w.exec('STATUS', pod, { stdin })), 6, `${stdin} is an object`)
  }
  for (const stdin of ['[]', '1', '"text"', 'true']) {
    t.equal(codeOf(await w.exec('ADD', pod, { stdin })), 6, `${stdin} is no object`)
  }
  t.same(await w.held(), [])
  t.equal(codeOf(await w.exec('ADD', pod, { stdin: whole })), 0)
  return 1
})

/** With this much address space the plugin must do; 10 MiB of stdin fit in twice. */
const addressSpaceKiB = 64 * 1024

conformance('case 27: ten MiB of stdin cost neither much time nor memory', {}, async (w, t) => {
  const conf = JSON.parse(w.stdin())
  const rows: readonly [what: string, stdin: string, codes: readonly (number | undefined)[]][] = [
    [
      'a large key that is not ours',
      `{"padding":"${'x'.repeat(tenMiB)}",${w.stdin().slice(1)}`,
      [0]
    ],
    [
      'a large list that is not ours',
      JSON.stringify({ ...conf, list: Array(1e6).fill(12345) }),
      [0]
    ],
    ['nothing but brackets', '['.repeat(tenMiB), [6]],
    ['brackets in a key', `{"a":${'['.repeat(tenMiB)}`, [6]],
    ['deep and closed', `{"a":${'['.repeat(5e6)}${']'.repeat(5e6)},${w.stdin().slice(1)}`, [6]],
    ['deep and ours', JSON.stringify({ ...conf, args: 0 }).replace('"args":0', deep(5e5)), [6]],
    [
      'too large a part that is ours',
      JSON.stringify({ ...conf, args: 'x'.repeat(tenMiB) }),
      [5, 6, 7]
    ],
    ['more than any configuration', `${' '.repeat(17 * 1024 * 1024)}${w.stdin()}`, [5]]
  ]
  const before = residentKiB(w)
  for (const [what, stdin, codes] of rows) {
    const pod = w.pod()
    const env = w.runtime.environment('ADD', pod)
    const execution = await byShell(`ulimit -v ${addressSpaceKiB}; exec "$0"`, { env, stdin })
    t.ok(codes.includes(codeOf(execution)), `${what}: ${said(execution)}`)
    t.ok(execution.ms < 2000, `${what}: ${execution.ms.toFixed(0)} ms`)
  }
  const grown = residentKiB(w) - before
  t.ok(grown < 64 * 1024, `the daemon has grown by ${grown} KiB`)
  return 2
})

function deep(levels: number): string {
  return `"args":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}

function residentKiB(w: World): number {
  const status = readFileSync(`/proc/${w.daemon.process.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
}

function said({ code, killedBy, stdout }: Execution): string {
  return `status ${code ?? killedBy}: ${stdout.toString().slice(0, 200)}`
}

// Many pods come and go here, and none of them is about the rest of an address.
const unrested = { config: { cooldown: { seconds: 0, scarceSeconds: 0 } } }

conformance('case 28: bytes that are no JSON, or JSON of a rare kind', unrested, async (w, t) => {
  const text = w.stdin()
  const bad = Buffer.from([0xff, 0xc3, 0x28])
  const put = (at: string, value: Buffer) => {
    const [before = '', after = ''] = text.split(at)
    return Buffer.concat([Buffer.from(before), value, Buffer.from(after)])
  }
  const name = '"name":"net-a"'
  const rows: readonly [what: string, stdin: string | Buffer, codes: readonly number[]][] = [
    ['no UTF-8 in the name', put('net-a', bad), [6, 7]],
    ['no UTF-8 in the pool list', poolNamed(bad), [6, 7]],
    ['no UTF-8 in a key that is not ours', put('"bridge"', Buffer.from('"\xff"', 'latin1')), [0]],
    ['no UTF-8 in the name of a key', put('"mode"', Buffer.from('"\xff"', 'latin1')), [0]],
    ['a byte order mark', `\ufeff${text}`, [6]],
    ['bytes after the object', `${text}x`, [6]],
    ['a second object', `${text}${text}`, [6]],
    ['NUL after the object', `${text}\0`, [6]],
    ['white space around it', ` \r\n\t${text}\n`, [0]],
    ['a lone surrogate in the name', text.replace('net-a', '\\ud800'), [6, 7]],
    ['a lone surrogate in a key that is not ours', text.replace('bridge', '\\ud800'), [0]],
    ['a name given twice: the last one counts', text.replace(name, `"name":"x y",${name}`), [0]],
    ['a name given twice: the last one is wrong', text.replace(name, `${name},"name":"x y"`), [7]],
    ['a name in capitals', text.replace('"name"', '"NAME"'), [0]],
    ['an escaped name', text.replace('"name"', '"n\\u0061me"'), [0]],
    ['a single quote', text.replaceAll('"', "'"), [6]],
    ['a comment', text.replace('{', '{/* */'), [6]],
    ['a comma too many', text.replace(/\}$/, ',}'), [6]],
    ['a control character in a text', text.replace('bridge', 'bri\u0001dge'), [6]]
  ]
  function poolNamed(value: Buffer): Buffer {
    const stdin = w.stdin({ ipam: { default_ipv4_ippool: ['XX'] } })
    const [before = '', after = ''] = stdin.split('XX')
    return Buffer.concat([Buffer.from(before), value, Buffer.from(after)])
  }
  for (const [what, stdin, codes] of rows) {
    const pod = w.pod()
    const execution = await w.exec('ADD', pod, { stdin })
    t.ok(codes.includes(codeOf(execution) ?? -1), `${what}: ${said(execution)}`)
    // The interpreter of the daemon replaces what it cannot read; nothing of it may be kept.
    t.notMatch(JSON.stringify(await w.held()), '\ufffd', what)
    t.equal((await w.addressesHeld(pod)).length, codeOf(execution) === 0 ? 1 : 0, what)
    const del = await w.exec('DEL', pod, { stdin: text })
    t.equal(codeOf(del), 0)
  }
  return 0
})

conformance('case 29: versions that are none', unrested, async (w, t) => {
  const rows: readonly [version: string, codes: readonly number[], shape?: RegExp][] = [
    ['"2.0.0"', [1]],
    ['"abc"', [1]],
    ['"1.0"', [1]],
    ['" 1.0.0"', [1]],
    ['"1.0.0 "', [1]],
    ['"v1.0.0"', [1]],
    ['"1.0.0-rc1"', [1]],
    ['1', [6]],
    ['[]', [6]],
    ['null', [0, 6], /"ip4"/],
    ['""', [0], /"ip4"/]
  ]
  for (const [version, codes, shape] of rows) {
    const stdin = w.stdin({ cniVersion: 'V' }).replace('"V"', version)
    const pod = w.pod()
    const execution = await w.exec('ADD', pod, { stdin })
    t.ok(codes.includes(codeOf(execution) ?? -1), `ADD ${version}: ${said(execution)}`)
    if (execution.code === 0 && shape !== undefined) t.match(execution.stdout.toString(), shape)
    await w.exec('DEL', pod, { stdin: w.stdin() })
  }
  const { msg, details = '' } =
    errorOf((await w.exec('ADD', w.pod(), { list: { cniVersion: '2.0.0' } })).stdout) ?? {}
  t.match(`${msg} ${details}`, /2\.0\.0/, 'the text names the one asked for')
  t.match(`${msg} ${details}`, /1\.1\.0/, 'and those that there are')
  return 0
})

conformance(
  'case 30: odd CNI_ARGS are code 4 on ADD and no matter on DEL',
  unrested,
  async (w, t) => {
    const odd = [
      'foo',
      'A=B=C',
      'X=1',
      'IgnoreUnknown=1;',
      ';',
      'IgnoreUnknown=1;;K8S_POD_NAME=a',
      'IgnoreUnknown=1;=a',
      'IP=10.9.0.3;IP=10.9.0.4',
      'IgnoreUnknown=maybe;X=1'
    ]
    for (const args of odd) {
      const pod = w.pod()
      const refused = await w.exec('ADD', { ...pod, args })
      t.equal(codeOf(refused), 4, `ADD ${args}: ${said(refused)}`)
      t.match(refused.stdout.toString(), 'CNI_ARGS')
      await w.add(pod)
      t.equal(codeOf(await w.exec('DEL', { ...pod, args })), 0, `DEL ${args}`)
      t.same(await w.addressesHeld(pod), [], `DEL ${args} has released`)
    }
    const fine = [
      '',
      'IgnoreUnknown=TRUE;X=1',
      'X=1;IgnoreUnknown=true',
      'IgnoreUnknown=1;K8S_POD_NAME='
    ]
    for (const args of fine) {
      const pod = w.pod()
      t.equal(codeOf(await w.exec('ADD', { ...pod, args })), 0, `ADD ${args}`)
      t.equal(codeOf(await w.exec('DEL', { ...pod, args })), 0, `DEL ${args}`)
    }
    // Linux takes no single variable longer than 128 KiB.
    const pod = w.pod()
    const long = { ...pod, args: `IgnoreUnknown=1;X=${'x'.repeat(127 * 1024)}` }
    const execution = await w.exec('ADD', long)
    t.ok([0, 4].includes(codeOf(execution) ?? -1), `ADD with 127 KiB: ${said(execution)}`)
    t.equal(codeOf(await w.exec('DEL', long)), 0)
    const bytes = `export CNI_ARGS="$(printf 'K8S_POD_NAME=\\377\\303(')"; exec "$0"`
    for (const [verb, code] of [
      ['ADD', 4],
      ['DEL', 0]
    ] as const) {
      const env = w.runtime.environment(verb, pod)
      const outcome = await byShell(bytes, { env, stdin: w.stdin() })
      t.equal(codeOf(outcome), code, `${verb} with bytes that are no text: ${said(outcome)}`)
    }
    return 0
  }
)

/** Every file below the daemon's directory, but what the database does in its own. */
function filesOf(w: World): readonly string[] {
  return readdirSync(w.daemon.dir, { recursive: true, encoding: 'utf8' }).filter(
    path => !path.startsWith('state/') && !path.startsWith('cache')
  )
}

conformance('case 31: names that would be paths, options or nothing', {}, async (w, t) => {
  const odd = ['../../etc/x', 'a b', '-a', '.a', 'a\n', 'a/b', 'ä', 'x'.repeat(64 * 1024), '']
  const before = filesOf(w).toSorted()
  for (const containerId of odd) {
    for (const verb of ['ADD', 'DEL', 'CHECK'] satisfies Verb[]) {
      // The name of the pod is made of it, and three times 64 KiB are more than Linux takes.
      const execution = await w.exec(verb, w.pod({ containerId, args: '' }))
      const shown = JSON.stringify(containerId.slice(0, 20))
      t.equal(codeOf(execution), 4, `${verb} ${shown}: ${said(execution)}`)
      t.match(errorOf(execution.stdout)?.msg, 'CNI_CONTAINERID', 'the text names the variable')
      t.ok(execution.stdout.length < 8192, 'the text does not repeat all of it')
    }
  }
  for (const name of odd) {
    for (const verb of ['ADD', 'DEL'] satisfies Verb[]) {
      const execution = await w.exec(verb, w.pod(), { list: { name } })
      const shown = JSON.stringify(name.slice(0, 20))
      t.equal(codeOf(execution), 7, `${verb}, network ${shown}: ${said(execution)}`)
      t.ok(execution.stdout.length < 8192, 'the text does not repeat all of it')
    }
  }
  t.same(filesOf(w).toSorted(), before, 'no file was made')
  t.notOk(existsSync('/etc/x') || existsSync(join(w.daemon.dir, '../etc')))
  t.equal(codeOf(await w.exec('ADD', w.pod({ containerId: 'A-b_c.9' }))), 0)
  t.equal(codeOf(await w.exec('ADD', w.pod({ containerId: 'x'.repeat(1024) }))), 0)
  t.equal(codeOf(await w.exec('ADD', w.pod({ containerId: 'x'.repeat(1025) }))), 4)
  return 2
})

conformance('case 32: interface names as the kernel takes them', {}, async (w, t) => {
  const good = ['a', 'x'.repeat(15), 'net1.100', 'é'.repeat(7)]
  const bad = [
    'x'.repeat(16),
    'a/b',
    '.',
    '..',
    'a:b',
    'a\u00a0b',
    'a b',
    'a\tb',
    'é'.repeat(8),
    ''
  ]
  for (const ifname of good) t.equal(codeOf(await w.exec('ADD', w.pod({ ifname }))), 0, ifname)
  for (const ifname of bad) {
    for (const verb of ['ADD', 'DEL', 'CHECK'] satisfies Verb[]) {
      const execution = await w.exec(verb, w.pod({ ifname }))
      t.equal(codeOf(execution), 4, `${verb} ${JSON.stringify(ifname)}: ${said(execution)}`)
      t.match(errorOf(execution.stdout)?.msg, 'CNI_IFNAME')
    }
  }
  const missing = await w.exec('ADD', w.pod(), { env: { CNI_COMMAND: 'ADD' } })
  t.match(errorOf(missing.stdout), { code: 4, msg: /CNI_CONTAINERID/ })
  for (const name of ['CNI_NETNS', 'CNI_IFNAME']) t.match(missing.stdout.toString(), name)
  const unknown = await w.exec('ADD', w.pod(), { env: { CNI_COMMAND: 'NONSENSE' } })
  t.equal(codeOf(unknown), 4)
  const curious = await byShell(`exec ${plugin}`, { env: {} })
  t.equal(curious.code, 0, 'no CNI_COMMAND at all: somebody looked what this is')
  t.equal(curious.stdout.length, 0)
  t.not(curious.stderr, '')
  return good.length
})

t.setTimeout(300_000)
