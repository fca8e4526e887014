// What stands on stdin, and the poor circumstances in which a plugin may be executed.

import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { buildPlugin } from '../../scripts/build-plugin.ts'
import { FakeDaemon } from '../support/fake-daemon.ts'
import { attachment, errorOf, execute, temporaryDirectory } from '../support/plugin.ts'

const directory = temporaryDirectory(t)
const plugin = buildPlugin({ output: join(directory, 'orbweaver') })
const socket = join(directory, 'cni.sock')
const queue = join(directory, 'queue')
const settings = { socket, queue, connect_timeout_seconds: 0, answer_timeout_seconds: 20 }
const env = { CNI_COMMAND: 'ADD', ...attachment }
const result = { cniVersion: '1.0.0', ips: [] }

let daemon: FakeDaemon
t.before(async () => {
  daemon = await FakeDaemon.start(socket, conversation => conversation.answer(result))
})
t.after(() => daemon.stop())

t.test('a configuration that is cut anywhere', async t => {
  const whole = JSON.stringify({
    cniVersion: '1.0.0',
    name: 'blue',
    args: { a: [1, -2.5e-3, true, null, 'x\n\u00e9\\'] },
    ipam: settings
  })
  const bytes = Buffer.from(whole)
  const before = daemon.conversations.length
  for (let size = 0; size < bytes.length; size += 1) {
    const { status, stdout } = spawnSync(plugin, {
      env,
      input: bytes.subarray(0, size),
      encoding: 'utf8'
    })
    if (status !== 1 || (JSON.parse(stdout) as { code: number }).code !== 6)
      t.fail(`${size} bytes: ${stdout}`)
  }
  t.equal(daemon.conversations.length, before, 'the daemon never heard of it')
  t.match(await execute(plugin, { env, stdin: whole }), { status: 0 }, 'and the whole is good')
})

t.test('what is no JSON object', async t => {
  const rows: [string, string | Buffer][] = [
    ['an array', '[]'],
    ['a string', '"x"'],
    ['a number', '1'],
    ['a byte order mark', '\ufeff{}'],
    ['a tail', '{} {}'],
    ['a NUL behind it', '{}\0'],
    ['a NUL in it', '{"a":"\0"}'],
    ['a comma too many', '{"a":1,}'],
    ['a comma alone', '{,}'],
    ['a comma too many in an array', '{"a":[1,]}'],
    ['no comma', '{"a":1 "b":2}'],
    ['no colon', '{"a" 1}'],
    ['no value', '{"a":}'],
    ['a bare name', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a comment', '{/**/}'],
    ['the wrong bracket', '{"a":[1}}'],
    ['another word', '{"a":undefined}'],
    ['two words', '{"a":true false}'],
    ['a word in capitals', '{"a":True}'],
    ['not a number', '{"a":NaN}'],
    ['a line feed in a string', '{"a":"\n"}'],
    ['another white space', '{\v}'],
    ['nulls', 'null null'],
    ['1001 levels', '{"a":' + '['.repeat(1000) + ']'.repeat(1000) + '}'],
    ['10 MiB of brackets', '['.repeat(10 << 20)],
    ['10 MiB of brackets in an object', '{"args":' + '['.repeat(10 << 20)],
    ['10 MiB of objects', '{"a":'.repeat(2 << 20)]
  ]
  for (const [what, stdin] of rows) {
    const outcome = await execute(plugin, { env, stdin })
    errorOf(t, outcome, 6, what)
    t.ok(outcome.took < 2000, `${what}: ${outcome.took} ms`)
  }
})

t.test('what is one', async t => {
  const ipam = JSON.stringify(settings)
  const rows: [string, string | Buffer][] = [
    ['1000 levels', `{"ipam":${ipam},"a":${'['.repeat(999)}${']'.repeat(999)}}`],
    ['10 MiB of padding', `{"ipam":${ipam},"padding":"${'x'.repeat(10 << 20)}"}`],
    ['10 MiB of space', `{"ipam":${ipam}${' '.repeat(10 << 20)}}`],
    ['10 MiB of numbers', `{"ipam":${ipam},"a":[1${',1'.repeat(5 << 20)}]}`],
    ['16 MiB', `{"ipam":${ipam}}`.padEnd(16 << 20)],
    ['a lone surrogate', `{"ipam":${ipam},"args":"\\ud800"}`],
    ['not UTF-8', Buffer.from(`{"ipam":${ipam},"a":"\xff\xc3"}`, 'latin1')],
    ['a repeated member', `{"ipam":1,"ipam":${ipam}}`],
    ['an empty name', `{"":1,"ipam":${ipam}}`]
  ]
  for (const [what, stdin] of rows) {
    const outcome = await execute(plugin, { env, stdin })
    t.match(outcome, { status: 0, stdout: JSON.stringify(result) }, what)
    t.ok(outcome.took < 2000, `${what}: ${outcome.took} ms`)
  }
  const stdin = `{"ipam":${ipam}}`.padEnd((16 << 20) + 1)
  t.match(errorOf(t, await execute(plugin, { env, stdin }), 5, '16 MiB and one byte').msg, /16 MiB/)
})

t.test('how a scalar is spelt is for the daemon to see, if it gets it', async t => {
  for (const scalar of ['+1', '01', '1.', '.1', '-', '1e', 'nul', 'nulls', '"\\x"', '"\\u12"']) {
    const stdin = `{"ipam":${JSON.stringify(settings)},"a":${scalar}}`
    t.match(await execute(plugin, { env, stdin }), { status: 0 }, scalar)
  }
})

t.test('the version of an error is that of the configuration, when it is one', async t => {
  const rows: [string, string][] = [
    ['"0.3.1"', '0.3.1'],
    ['"1.0.0"', '1.0.0'],
    ['"2.0.0"', '1.1.0'],
    ['"1.0"', '1.1.0'],
    ['" 1.0.0"', '1.1.0'],
    ['""', '1.1.0'],
    ['"]}\\n"', '1.1.0'],
    ['","', '1.1.0'],
    ['"0\\u002e1.0"', '1.1.0'],
    ['1', '1.1.0'],
    ['null', '1.1.0'],
    ['"0.1.0", "CNIVersion": "0.4.0"', '0.4.0']
  ]
  for (const [version, expected] of rows) {
    const stdin = `{"cniVersion":${version},"ipam":{"socket":"/nowhere/cni.sock","connect_timeout_seconds":0}}`
    const { cniVersion } = errorOf(t, await execute(plugin, { env, stdin }), 11, version)
    t.equal(cniVersion, expected, version)
  }
})

t.test('poor circumstances', async t => {
  const stdin = JSON.stringify({ ipam: settings })
  const good = { status: 0, stdout: JSON.stringify(result) }
  const rows: [string, string][] = [
    ['stderr is closed', 'exec "$0" 2>&-'],
    ['eight descriptors', 'ulimit -n 8; exec "$0"'],
    [
      'the working directory is gone',
      `mkdir "$D/gone" && cd "$D/gone" && rmdir "$D/gone" && exec "$0"`
    ],
    ['a small stack', 'ulimit -s 64; exec "$0"'],
    ['no core, no files', 'ulimit -f 0; exec "$0"'],
    [
      'a strange environment',
      'exec env HOME= LC_ALL=xx NODE_OPTIONS=--bogus LD_PRELOAD=/nowhere.so "$0"'
    ]
  ]
  for (const [what, shell] of rows) {
    const outcome = await execute(plugin, {
      env: { ...env, D: directory, PATH: '/usr/bin:/bin' },
      stdin,
      shell
    })
    t.match(outcome, good, what)
  }
  for (const verb of ['ADD', 'DEL', 'GC', 'STATUS']) {
    const closed = { env: { ...env, CNI_COMMAND: verb }, shell: 'exec "$0" <&-' }
    t.match(
      errorOf(t, await execute(plugin, closed), 5, `stdin is closed, ${verb}`).details,
      /bad file descriptor/i
    )
  }
  errorOf(t, await execute(plugin, { env, shell: 'exec "$0" < /' }), 5, 'stdin is a directory')
  errorOf(t, await execute(plugin, { env, shell: 'exec "$0" < /dev/null' }), 6, 'stdin is empty')
  const all = await execute(plugin, { env, shell: 'exec "$0" <&- >&- 2>&-' })
  t.match(all, { status: 1, stdout: '' }, 'everything is closed')
  const none = await execute(plugin, { env: { CNI_COMMAND: 'VERSION' }, shell: 'exec "$0" >&-' })
  t.match(none, { status: 1, stdout: '' }, 'nowhere to write the versions')
  const few = await execute(plugin, { env, stdin, shell: 'ulimit -n 3; exec "$0"' })
  t.match(errorOf(t, few, 11, 'no descriptor left').details, /descriptor|open files/)
})
