// The plugin and a daemon that answers: what is checked first, what is sent, what counts as delivered.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildPlugin } from '../../scripts/build-plugin.ts'
import { chainedSocket } from '../../src/core/chained-socket.ts'
import { FakeDaemon, type Behaviour } from '../support/fake-daemon.ts'
import { attachment, errorOf, execute, temporaryDirectory } from '../support/plugin.ts'
import { requirePrograms } from '../support/privilege.ts'

const directory = temporaryDirectory(t)
const plugin = buildPlugin({ output: join(directory, 'orbweaver') })
const socket = join(directory, 'cni.sock')
const config = {
  cniVersion: '1.0.0',
  name: 'blue',
  type: 'macvlan',
  ipam: { type: 'orbweaver', socket }
}
const result = { cniVersion: '1.0.0', ips: [{ address: '10.0.0.2/24' }] }
const add = { CNI_COMMAND: 'ADD', ...attachment }

/** Execute with a daemon behind the socket. */
async function withDaemon<T>(
  behave: Behaviour,
  use: (daemon: FakeDaemon) => Promise<T>,
  path = socket
): Promise<T> {
  const daemon = await FakeDaemon.start(path, behave)
  try {
    return await use(daemon)
  } finally {
    await daemon.stop()
  }
}

const succeed: Behaviour = conversation => conversation.answer(result)

t.test('VERSION needs nothing, not even stdin', async t => {
  const version = {
    cniVersion: '1.1.0',
    supportedVersions: ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']
  }
  const env = { CNI_COMMAND: 'VERSION' }
  for (const shell of [undefined, 'exec "$0" <&-', 'exec "$0" 2>&-']) {
    const outcome = await execute(plugin, { env, ...(shell === undefined ? {} : { shell }) })
    t.equal(outcome.status, 0)
    t.strictSame(JSON.parse(outcome.stdout), version)
  }
})

t.test('without CNI_COMMAND it says what it is', async t => {
  for (const env of [{}, { CNI_COMMAND: '' }]) {
    t.match(await execute(plugin, { env }), { status: 0, stdout: '', stderr: /CNI plugin/ })
  }
})

t.test('the environment is checked before stdin is read', async t => {
  const { CNI_CONTAINERID: _, ...noId } = add
  const rows: [string, Record<string, string>, RegExp][] = [
    ['unknown verb', { ...add, CNI_COMMAND: 'add' }, /CNI_COMMAND.*add/],
    ['nothing', { CNI_COMMAND: 'ADD' }, /CNI_CONTAINERID CNI_NETNS CNI_IFNAME/],
    ['nothing for CHECK', { CNI_COMMAND: 'CHECK' }, /CNI_CONTAINERID CNI_NETNS CNI_IFNAME/],
    ['nothing for DEL', { CNI_COMMAND: 'DEL' }, /CNI_CONTAINERID CNI_IFNAME$/],
    ['no id', noId, /CNI_CONTAINERID$/],
    ['empty namespace', { ...add, CNI_NETNS: '' }, /CNI_NETNS$/],
    ['a path as id', { ...add, CNI_CONTAINERID: '../../etc/x' }, /CNI_CONTAINERID/],
    ['a space in the id', { ...add, CNI_CONTAINERID: 'a b' }, /CNI_CONTAINERID/],
    ['an option as id', { ...add, CNI_CONTAINERID: '-a' }, /CNI_CONTAINERID/],
    ['a line feed in the id', { ...add, CNI_CONTAINERID: 'a\n' }, /CNI_CONTAINERID.*a\?$/],
    ['a letter beyond ASCII in the id', { ...add, CNI_CONTAINERID: 'é' }, /CNI_CONTAINERID/],
    ['a long id', { ...add, CNI_CONTAINERID: 'a'.repeat(1025) }, /CNI_CONTAINERID/],
    ['a very long id', { ...add, CNI_CONTAINERID: 'a'.repeat(65_536) }, /CNI_CONTAINERID/],
    [
      'DEL checks the id too',
      { ...add, CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'a/b' },
      /CNI_CONTAINERID/
    ],
    ['CHECK the name', { ...add, CNI_COMMAND: 'CHECK', CNI_IFNAME: 'a/b' }, /CNI_IFNAME/],
    ['16 bytes', { ...add, CNI_IFNAME: 'a'.repeat(16) }, /CNI_IFNAME/],
    ['16 bytes in 8 letters', { ...add, CNI_IFNAME: 'é'.repeat(8) }, /CNI_IFNAME/],
    ...['.', '..', 'a/b', 'a:b', 'a b', 'a\t', 'a\n', '\va', '\fa', 'a\r'].map(
      (name): [string, Record<string, string>, RegExp] => [
        `the name of bytes ${Buffer.from(name).toString('hex')}`,
        { ...add, CNI_IFNAME: name },
        /CNI_IFNAME/
      ]
    )
  ]
  for (const [what, env, message] of rows) {
    const error = errorOf(t, await execute(plugin, { env, stdin: '{' }), 4, what)
    t.match(error.msg, message, what)
    t.equal(error.cniVersion, '1.1.0', `${what}: the version when none was read`)
  }
})

t.test('what is allowed in the environment is sent as it is', async t => {
  const rows: [string, Record<string, string>][] = [
    [
      'the longest names',
      { ...add, CNI_CONTAINERID: 'a'.repeat(1024), CNI_IFNAME: 'a'.repeat(15) }
    ],
    ['other letters', { ...add, CNI_IFNAME: 'éèà' }],
    ['dots', { ...add, CNI_CONTAINERID: '0_.-', CNI_IFNAME: '...' }],
    ['no path', { ...add, CNI_PATH: '' }],
    ['a trace', { ...add, TRACEPARENT: `00-${'4b'.repeat(16)}-${'0f'.repeat(8)}-01` }],
    [
      'arguments of 128 KiB less what the kernel wants',
      { ...add, CNI_ARGS: 'A=' + 'x'.repeat(131_000) }
    ],
    ['DEL without namespace', { CNI_COMMAND: 'DEL', CNI_CONTAINERID: 'x', CNI_IFNAME: 'eth0' }],
    ['GC checks nothing', { CNI_COMMAND: 'GC', CNI_CONTAINERID: '../', CNI_IFNAME: '/' }],
    ['STATUS neither', { CNI_COMMAND: 'STATUS' }],
    ['white space that only the daemon knows', { ...add, CNI_IFNAME: 'a\u00a0\u0085' }]
  ]
  for (const [what, env] of rows) {
    await withDaemon(succeed, async daemon => {
      const outcome = await execute(plugin, { env, stdin: JSON.stringify(config) })
      t.match(outcome, { status: 0, stdout: JSON.stringify(result), stderr: '' }, what)
      const { request } = daemon.conversation
      t.equal(request.verb, env['CNI_COMMAND'], what)
      t.equal(request.cid.toString(), env['CNI_CONTAINERID'] ?? '', what)
      t.equal(request.netns.toString(), env['CNI_NETNS'] ?? '', what)
      t.equal(request.ifname.toString(), env['CNI_IFNAME'] ?? '', what)
      t.equal(request.args.toString(), env['CNI_ARGS'] ?? '', what)
      t.equal(request.path.toString(), env['CNI_PATH'] ?? '', what)
      t.equal(request.trace.toString(), env['TRACEPARENT'] ?? '', what)
    })
  }
})

t.test('bytes that are not UTF-8 travel and are not quoted', async t => {
  const stdin = JSON.stringify(config)
  const shell = `CNI_ARGS=$(printf 'A=\\377') exec "$0"`
  await withDaemon(succeed, async daemon => {
    t.match(await execute(plugin, { env: add, stdin, shell }), { status: 0 })
    t.strictSame(daemon.conversation.request.args, Buffer.from([0x41, 0x3d, 0xff]))
  })
  const bad = await execute(plugin, {
    env: add,
    shell: `CNI_COMMAND=$(printf 'a"\\377\\\\b') exec "$0"`
  })
  t.match(errorOf(t, bad, 4, 'a verb of bytes').msg, /a\?\?\?b$/)
})

t.test('a request says who asks, when, and how long it waits', async t => {
  await withDaemon(succeed, async daemon => {
    const stdin = JSON.stringify(config)
    t.match(await execute(plugin, { env: add, stdin, argv0: '/opt/cni/bin/spiderpool' }), {
      status: 0
    })
    const { request } = daemon.conversation
    t.strictSame(Object.keys(request).toSorted(), [
      ...[
        'args',
        'budget',
        'cid',
        'conf',
        'ifname',
        'netns',
        'path',
        'role',
        'start',
        'trace',
        'v',
        'verb'
      ]
    ])
    t.equal(request.v, 1)
    t.equal(request.role, 'spiderpool')
    t.ok(request.budget > 50_000 && request.budget <= 60_000, `budget ${request.budget}`)
    t.ok(Number(request.start) > 0)
    t.strictSame(JSON.parse(request.conf.toString()), config)
  })
  await withDaemon(succeed, async daemon => {
    const answer_timeout_seconds = 7.5
    const stdin = JSON.stringify({ ipam: { socket, answer_timeout_seconds } })
    t.match(await execute(plugin, { env: add, stdin, argv0: '' }), { status: 0 })
    t.equal(daemon.conversation.request.role, '')
    t.ok(daemon.conversation.request.budget <= 7500)
  })
})

t.test('of the configuration goes what the daemon needs, byte for byte', async t => {
  const ipam = `"ipam":{"socket":"${socket}"}`
  const rows: [string, string, string][] = [
    ['other members stay', `{"a":1,${ipam},"plugins":[{}],"dns":{}}`, `{${ipam}}`],
    [
      'space inside of values',
      ` {\n${ipam} , "args" :  { "x" : [ 1 ] } }\r\n`,
      `{${ipam},"args" :  { "x" : [ 1 ] }}`
    ],
    ['repeated members', `{"name":"a",${ipam},"name":"b"}`, `{"name":"a",${ipam},"name":"b"}`],
    ['any case', `{${ipam},"NAME":1,"PrevResult":2}`, `{${ipam},"NAME":1,"PrevResult":2}`],
    [
      'escaped names',
      `{${ipam},"n\\u0061me":1,"x\\/y":2,"xy":3}`,
      `{${ipam},"n\\u0061me":1,"x\\/y":2}`
    ],
    ['numbers', `{${ipam},"args":[1.50e+01,-0]}`, `{${ipam},"args":[1.50e+01,-0]}`],
    [
      'all that are kept',
      `{"cni.dev/attachments":[],"cni.dev/valid-attachments":[],"cniVersion":"1.1.0",${ipam},"name":"n",` +
        `"prevResult":{},"runtimeConfig":{},"type":"t","args":{}}`,
      `{"cni.dev/attachments":[],"cni.dev/valid-attachments":[],"cniVersion":"1.1.0",${ipam},"name":"n",` +
        `"prevResult":{},"runtimeConfig":{},"type":"t","args":{}}`
    ],
    [
      'the last ipam wins',
      `{"ipam":{"socket":"/nowhere"},${ipam}}`,
      `{"ipam":{"socket":"/nowhere"},${ipam}}`
    ]
  ]
  for (const [what, stdin, conf] of rows) {
    await withDaemon(succeed, async daemon => {
      t.match(await execute(plugin, { env: add, stdin }), { status: 0 }, what)
      t.equal(daemon.conversation.request.conf.toString(), conf, what)
    })
  }
  await withDaemon(succeed, async daemon => {
    const stdin = Buffer.from(`{"args":"\xff",${ipam}}`, 'latin1')
    t.match(await execute(plugin, { env: add, stdin }), { status: 0 })
    t.strictSame(daemon.conversation.request.conf, stdin, 'bytes that are not UTF-8')
  })
})

t.test('the configuration of a plugin of its own goes as a whole', async t => {
  for (const name of ['orbweaver-coordinator', 'coordinator', 'orbweaver-ifacer', 'ifacer']) {
    await withDaemon(
      succeed,
      async daemon => {
        const stdin = ` {"socket":"${socket}", "mode":"auto","ipam":{"socket":"/nowhere"},"hijackCIDR" : [] }`
        const argv0 = `/opt/cni/bin/${name}`
        t.match(await execute(plugin, { env: add, stdin, argv0 }), { status: 0 }, name)
        t.equal(
          daemon.conversation.request.conf.toString(),
          `{"socket":"${socket}","mode":"auto","ipam":{"socket":"/nowhere"},"hijackCIDR" : []}`
        )
      },
      chainedSocket(socket)
    )
  }
})

t.test('the socket is found under its names', async t => {
  const elsewhere = '/nowhere/else.sock'
  const rows: [string, string][] = [
    ['socket', `{"socket":"${socket}"}`],
    ['as Spiderpool calls it', `{"ipam_unix_socket_path":"${socket}"}`],
    ['in capitals', `{"SOCKET":"${socket}"}`],
    ['ours before theirs', `{"socket":"${socket}","ipam_unix_socket_path":"${elsewhere}"}`],
    ['the last one', `{"socket":"${elsewhere}","Socket":"${socket}"}`],
    ['nothing is as absent', `{"socket":"","ipam_unix_socket_path":"${socket}"}`],
    ['null is as absent', `{"socket":null,"ipam_unix_socket_path":"${socket}"}`]
  ]
  for (const [what, ipam] of rows) {
    await withDaemon(succeed, async () => {
      t.match(await execute(plugin, { env: add, stdin: `{"ipam":${ipam}}` }), { status: 0 }, what)
    })
  }
})

t.test('a setting that cannot be used is refused', async t => {
  const rows: [string, object, RegExp][] = [
    ['a relative path', { socket: 'cni.sock' }, /ipam\.socket/],
    ['100 bytes', { socket: '/' + 'x'.repeat(99) }, /ipam\.socket/],
    ['an escape', { ipam_unix_socket_path: '/a"b' }, /ipam\.ipam_unix_socket_path/],
    ['a number as path', { queue: 3 }, /ipam\.queue/],
    ['a path as number', { connect_timeout_seconds: '3' }, /ipam\.connect_timeout_seconds/],
    ['a negative time', { answer_timeout_seconds: -1 }, /ipam\.answer_timeout_seconds/],
    ['more than an hour', { answer_timeout_seconds: 3601 }, /ipam\.answer_timeout_seconds/],
    ['far more', { answer_timeout_seconds: 1e15 }, /ipam\.answer_timeout_seconds/],
    ['no number', { connect_timeout_seconds: true }, /ipam\.connect_timeout_seconds/]
  ]
  for (const [what, ipam, message] of rows) {
    const outcome = await execute(plugin, {
      env: add,
      stdin: JSON.stringify({ cniVersion: '0.4.0', ipam })
    })
    const error = errorOf(t, outcome, 7, what)
    t.match(error.msg, message, what)
    t.equal(error.cniVersion, '0.4.0', what)
  }
  const stdin = JSON.stringify({ ipam: { socket, queue: 3, connect_timeout_seconds: 'x' } })
  await withDaemon(succeed, async () => {
    const env = { ...add, CNI_COMMAND: 'DEL' }
    t.match(await execute(plugin, { env, stdin }), { status: 0 }, 'DEL goes on without it')
  })
})

t.test('more than a frame holds is refused', async t => {
  const stdin = JSON.stringify({ ...config, args: 'x'.repeat(1 << 20) })
  errorOf(t, await execute(plugin, { env: add, stdin }), 7, 'a large member')
})

t.test('what the daemon says is printed and acknowledged', async t => {
  const rows: [string, Record<string, string>, string | Buffer, number][] = [
    ['a result', add, JSON.stringify(result), 0],
    ['a result as bytes', add, Buffer.from(JSON.stringify(result)), 0],
    ['an error', add, '{"code":101,"msg":"pool is empty"}', 1],
    ['nothing for DEL', { ...add, CNI_COMMAND: 'DEL' }, '', 0],
    ['nothing for CHECK', { ...add, CNI_COMMAND: 'CHECK' }, '', 0],
    ['an error for DEL', { ...add, CNI_COMMAND: 'DEL' }, '{"code":5}', 1],
    ['a body of 300 bytes', add, JSON.stringify({ x: 'y'.repeat(290) }), 0],
    ['a body of 70,000 bytes', add, JSON.stringify({ x: 'y'.repeat(70_000) }), 0],
    ['the largest', add, JSON.stringify({ x: 'y'.repeat((1 << 20) - 8 - 8) }), 0]
  ]
  for (const [what, env, body, status] of rows) {
    await withDaemon(
      conversation => conversation.answer(body, status),
      async daemon => {
        const outcome = await execute(plugin, { env, stdin: JSON.stringify(config) })
        t.ok(outcome.stdout === body.toString(), `${what}: printed as it came`)
        t.equal(outcome.status, status, what)
        t.equal(await daemon.conversation.acknowledged, true, `${what}: acknowledged`)
      }
    )
  }
})

t.test('an answer that could not be printed is not acknowledged', async t => {
  const stdin = JSON.stringify(config)
  const full = openSync('/dev/full', 'w')
  const rows: [string, object][] = [
    ['closed', { shell: 'exec "$0" >&-' }],
    ['full', { stdout: full }]
  ]
  for (const [what, how] of rows) {
    await withDaemon(succeed, async daemon => {
      t.match(await execute(plugin, { env: add, stdin, ...how }), { status: 1, stdout: '' }, what)
      t.equal(await daemon.conversation.acknowledged, false, what)
    })
  }
  const child = spawn(plugin, { env: add, stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.end(stdin)
  await withDaemon(
    async conversation => {
      child.stdout.destroy()
      await once(child.stdout, 'close')
      conversation.answer(result)
    },
    async daemon => {
      const [status, signal] = await once(child, 'exit')
      t.strictSame([status, signal], [1, null], 'nobody reads')
      t.equal(await daemon.conversation.acknowledged, false, 'nobody reads')
    }
  )
})

t.test('an answer for a parent that is gone is not acknowledged', async t => {
  const stdin = join(directory, 'stdin.json')
  writeFileSync(stdin, JSON.stringify(config))
  const parent = spawn('/bin/sh', ['-c', `"$0" < "$1" & wait`, plugin, stdin], {
    env: add,
    stdio: 'ignore'
  })
  await withDaemon(
    async conversation => {
      parent.kill('SIGKILL')
      await once(parent, 'exit')
      conversation.answer(result)
    },
    async daemon => {
      if (parent.exitCode === null && parent.signalCode === null) await once(parent, 'exit')
      t.equal(parent.signalCode, 'SIGKILL')
      t.equal(await daemon.conversation.acknowledged, false)
    }
  )
})

t.test(
  'an ADD whose acknowledgement cannot reach the daemon has failed, where it would be taken back',
  async t => {
    const config = JSON.stringify({ cniVersion: '1.0.0', name: 'net', socket, ipam: { socket } })
    const rows = [
      ['orbweaver', socket, 1],
      ['orbweaver-coordinator', chainedSocket(socket), 0]
    ] as const
    for (const [role, door, expected] of rows) {
      // More than the pipe holds: the plugin is still printing when the daemon goes.
      const long = { ...result, padding: 'x'.repeat(180_000) }
      const gone = Promise.withResolvers<void>()
      const child = spawn(plugin, [], { env: add, argv0: role, stdio: ['pipe', 'pipe', 'ignore'] })
      child.stdin.end(config)
      await withDaemon(
        async conversation => {
          conversation.answer(long)
          conversation.socket.destroySoon()
          await once(conversation.socket, 'close')
          gone.resolve()
        },
        async () => {
          await gone.promise
          child.stdout.resume()
          t.strictSame(await once(child, 'exit'), [expected, null], role)
        },
        door
      )
    }
  }
)

for (const cc of ['cc', 'musl-gcc']) {
  t.test(`${cc} builds a plugin that does the same`, async t => {
    if (!requirePrograms(t, `the plugin as ${cc} builds it`, [cc])) return
    const built = buildPlugin({ cc, output: join(directory, `with-${cc}`) })
    await withDaemon(succeed, async daemon => {
      const outcome = await execute(built, { env: add, stdin: JSON.stringify(config) })
      t.match(outcome, { status: 0, stdout: JSON.stringify(result) })
      t.equal(await daemon.conversation.acknowledged, true)
    })
  })
}

t.test('a compiler that is not there is named', async t => {
  t.throws(
    () => buildPlugin({ cc: 'no-such-compiler', output: join(directory, 'x') }),
    /no-such-compiler/
  )
})
