// The emulator itself: what plugins are given, what is remembered, and what is made of their answers.
// Plugins are shell scripts with a fixed answer; at the end a real one, Debian's host-local.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { eventually } from '../support/command.ts'
import { requirePrograms } from '../support/privilege.ts'
import type { Execution } from './execute.ts'
import { goJson, isAtLeast, listOf, type NetworkList } from './netconf.ts'
import { decodeResult, type PluginFailure, plainAddresses } from './result.ts'
import { Runtime, type Verb } from './runtime.ts'

const ours = { containerId: 'cid', netns: '/proc/1/ns/net', ifname: 'eth0' }
const answer = '{"cniVersion":"1.1.0","ips":[{"address":"10.1.0.2/24"}],"dns":{}}'

interface Stage {
  readonly runtime: Runtime
  readonly seen: { verb: Verb; program: string; execution: Execution }[]
  readonly dir: string
  /** A plugin whose whole life is this script. */
  plugin(type: string, script: string): void
  stdinOf(at: number): Record<string, unknown>
}

function stage(t: Test): Stage {
  const dir = mkdtempSync(join(tmpdir(), 'orbweaver-runtime-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const seen: Stage['seen'] = []
  const runtime = new Runtime({
    path: [join(dir, 'nowhere'), dir],
    cacheDir: join(dir, 'cache'),
    env: { PATH: '/usr/bin:/bin', OWN: 'kept' },
    onExecuted: (execution, verb) => {
      seen.push({ verb, program: execution.invocation.program.slice(dir.length + 1), execution })
    }
  })
  return {
    runtime,
    seen,
    dir,
    plugin: (type, script) => {
      writeFileSync(join(dir, type), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    },
    stdinOf: at => JSON.parse(String(seen[at]?.execution.invocation.stdin))
  }
}

function chain(cniVersion: string, ...types: readonly string[]): NetworkList {
  return { name: 'net', cniVersion, plugins: types.map(type => ({ type })) }
}

t.test('members are sorted and escaped as Go does it', async t => {
  t.equal(goJson({ b: 1, a: '<', B: 2 }), '{"B":2,"a":"\\u003c","b":1}')
})

t.test('versions compare by number and an empty one is the oldest', async t => {
  t.ok(isAtLeast('1.0.0', '0.4.0'))
  t.notOk(isAtLeast('0.3.1', '0.4.0'))
  t.notOk(isAtLeast('', '0.2.0'))
})

t.test(
  'a plugin gets name, version, the result before it and only the offers it wants',
  async t => {
    const { runtime, plugin, seen, stdinOf } = stage(t)
    plugin('first', `cat >/dev/null; echo '${answer}'`)
    plugin('second', `cat >/dev/null; echo '${answer}'`)
    const list = {
      name: 'net',
      cniVersion: '1.1.0',
      plugins: [{ type: 'first', capabilities: { ips: true, mac: false } }, { type: 'second' }]
    }
    await runtime.add(list, { ...ours, capabilityArgs: { ips: ['10.1.0.2'], mac: 'x', dns: {} } })
    t.same(stdinOf(0), {
      type: 'first',
      capabilities: { ips: true, mac: false },
      name: 'net',
      cniVersion: '1.1.0',
      runtimeConfig: { ips: ['10.1.0.2'] }
    })
    t.match(String(seen[0]?.execution.invocation.stdin), /^\{"capabilities".*"cniVersion".*"name"/)
    t.match(stdinOf(1), { prevResult: { ips: [{ address: '10.1.0.2/24' }] } })
    t.notOk('runtimeConfig' in stdinOf(1))
  }
)

t.test('all six variables are always set, and the own environment is inherited', async t => {
  const { runtime, plugin, dir } = stage(t)
  plugin('env', `env > "${dir}/$CNI_COMMAND"; echo '${answer}'`)
  const list = chain('1.1.0', 'env')
  await runtime.add(list, ours)
  await runtime.status(list)
  await runtime.version('env')
  const said = (verb: string) => readFileSync(join(dir, verb), 'utf8')
  for (const line of ['CNI_CONTAINERID=cid', 'CNI_ARGS=', `CNI_PATH=${dir}/nowhere:${dir}`]) {
    t.match(`\n${said('ADD')}`, `\n${line}\n`)
  }
  t.match(said('ADD'), 'OWN=kept\n')
  t.match(said('STATUS'), /^CNI_CONTAINERID=$/m)
  t.match(said('VERSION'), /^CNI_NETNS=dummy$/m)
})

t.test(
  'DEL goes backwards, stops at the first failure and then keeps what it remembers',
  async t => {
    const { runtime, plugin, seen, stdinOf } = stage(t)
    plugin('first', `cat >/dev/null; [ $CNI_COMMAND = DEL ] || echo '${answer}'`)
    plugin(
      'second',
      `cat >/dev/null; [ $CNI_COMMAND = ADD ] && echo '${answer}' && exit
     echo '{"code":11,"msg":"busy","details":"later"}'; exit 1`
    )
    const list = chain('1.0.0', 'first', 'second')
    await runtime.add(list, ours)
    await t.rejects(runtime.del(list, ours), { code: 11, message: 'busy; later' })
    t.same(
      seen.map(({ verb, program }) => `${verb} ${program}`),
      ['ADD first', 'ADD second', 'DEL second']
    )
    t.match(stdinOf(2), { prevResult: { ips: [{ address: '10.1.0.2/24' }] } })
    t.ok(runtime.cache.get('net', ours))
    plugin('second', 'cat >/dev/null')
    await runtime.del(list, ours)
    t.equal(runtime.cache.get('net', ours), undefined)
    await runtime.del(list, ours)
    t.notOk('prevResult' in stdinOf(seen.length - 1))
  }
)

t.test('verbs and the result on DEL exist from their version on', async t => {
  const { runtime, plugin, seen, stdinOf } = stage(t)
  plugin('one', `cat >/dev/null; [ $CNI_COMMAND = ADD ] && echo '${answer}'; exit 0`)
  const old = chain('0.3.1', 'one')
  plugin('one', `cat >/dev/null; [ $CNI_COMMAND = ADD ] && echo '{"ips":[]}'; exit 0`)
  await runtime.add(old, ours)
  await t.rejects(runtime.check(old, ours), /does not support the CHECK command/)
  await runtime.status(old)
  await runtime.del(old, ours)
  t.notOk('prevResult' in stdinOf(1))
  await runtime.gc(chain('1.0.0', 'one'), [])
  t.equal(seen.length, 2)
  await runtime.check({ ...chain('1.0.0', 'one'), disableCheck: true }, ours)
  t.equal(seen.length, 2)
})

t.test(
  'GC deletes what is remembered and not valid, then tells every plugin both lists',
  async t => {
    const { runtime, plugin, seen, stdinOf } = stage(t)
    plugin('one', `cat >/dev/null; [ $CNI_COMMAND = ADD ] && echo '${answer}'; exit 0`)
    const list = chain('1.1.0', 'one')
    for (const containerId of ['a', 'b']) await runtime.add(list, { ...ours, containerId })
    await runtime.add({ ...list, name: 'other' }, ours)
    const valid = [{ containerID: 'a', ifname: 'eth0' }]
    await runtime.gc(list, valid)
    t.same(
      seen
        .slice(3)
        .map(({ verb, execution }) => [verb, execution.invocation.env?.['CNI_CONTAINERID']]),
      [
        ['DEL', 'b'],
        ['GC', '']
      ]
    )
    t.match(stdinOf(4), { 'cni.dev/valid-attachments': valid, 'cni.dev/attachments': valid })
    await runtime.gc(list, null)
    t.equal(stdinOf(seen.length - 1)['cni.dev/valid-attachments'], null)
    await runtime.gc(list)
    t.notOk('cni.dev/valid-attachments' in stdinOf(seen.length - 1))
    await runtime.gc({ ...list, disableGC: true }, [])
    t.equal(seen.length, 8)
  }
)

t.test('failures are read as libcni reads them', async t => {
  const { runtime, plugin } = stage(t)
  const failing = async (script: string) => {
    plugin('bad', script)
    return runtime.status(chain('1.1.0', 'bad')).then(
      () => t.fail('it must fail'),
      (error: unknown) => error as PluginFailure
    )
  }
  t.match(await failing('exit 3'), { code: 0, message: /no error message: exit status 3/ })
  t.match(await failing('kill -9 $$'), { message: /signal: killed/ })
  t.match(await failing('echo oops >&2; exit 1'), { code: 0, message: /netplugin failed: "oops/ })
  t.match(await failing('echo no json; exit 1'), {
    code: 0,
    message: /error parsing its diagnostic/
  })
  t.match(await failing(`echo '{"code":7,"msg":"m"}'; echo x >&2; exit 1`), {
    code: 7,
    message: 'm'
  })
  t.equal(runtime.stderr, '')
  plugin('bad', 'echo noise >&2')
  await runtime.status(chain('1.1.0', 'bad'))
  t.equal(runtime.stderr, 'noise\n')
})

t.test('results are overlooked and refused as libcni does it', async t => {
  t.match(decodeResult('null', '1.0.0'), { cniVersion: '1.0.0' })
  t.match(decodeResult('{"cniVersion":""}', ''), { cniVersion: '0.1.0' })
  t.same(plainAddresses(decodeResult('{"cniVersion":"0.2.0","ips":[]}', '1.0.0')), [])
  for (const [stdout, message] of [
    ['', /unmarshal/],
    ['{"ips":[{"address":"10.1.0.2"}]}', /invalid CIDR address: "10.1.0.2"/],
    ['{"cniVersion":"9.0.0"}', /unsupported CNI result version/],
    ['{}{}', /unmarshal/]
  ] as const) {
    t.throws(() => decodeResult(stdout, '1.0.0'), { message })
  }
})

t.test('the end of patience kills the direct child and nobody else', async t => {
  const { runtime, plugin, dir } = stage(t)
  plugin('delegate', `sleep 0.3; echo here > "${dir}/orphan"`)
  plugin('main', `cat >/dev/null; "${dir}/delegate" >/dev/null 2>&1 & echo $! > "${dir}/pid"; wait`)
  const impatient = new AbortController()
  const adding = runtime.add(chain('1.0.0', 'main'), ours, impatient.signal)
  await eventually('the delegate has started', () => existsSync(join(dir, 'pid')))
  impatient.abort()
  await t.rejects(adding, /signal: killed/)
  t.notOk(existsSync(join(dir, 'orphan')))
  await eventually('the orphan goes on', () => existsSync(join(dir, 'orphan')))
})

t.test('a real plugin: host-local', async t => {
  const debian = '/usr/lib/cni'
  if (!requirePrograms(t, 'the emulator with host-local', [join(debian, 'host-local')])) return
  const dataDir = mkdtempSync(join(tmpdir(), 'orbweaver-host-local-'))
  t.teardown(() => rmSync(dataDir, { recursive: true }))
  const runtime = new Runtime({
    path: [debian],
    cacheDir: join(dataDir, 'cache'),
    programOf: () => 'host-local'
  })
  const ipam = { type: 'host-local', dataDir, subnet: '10.1.2.0/29' }
  t.match(await runtime.version('host-local'), { supportedVersions: ['0.1.0'] })
  for (const cniVersion of ['', '0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0']) {
    const list = listOf({ type: 'macvlan', name: `net${cniVersion}`, cniVersion, ipam })
    const result = await runtime.add(list, ours)
    t.same(plainAddresses(result), ['10.1.2.2'])
    t.equal(result.cniVersion, cniVersion || '0.1.0')
    await t.rejects(runtime.add(list, ours), { code: 999, message: /duplicate allocation/ })
    if (isAtLeast(cniVersion, '0.4.0')) await runtime.check(list, ours)
    await runtime.del(list, { ...ours, netns: '' })
    await runtime.del(list, { ...ours, netns: '' })
  }
  const wrong = listOf({ type: 'macvlan', name: 'net', cniVersion: '0.4.0' })
  await t.rejects(runtime.add(wrong, ours), /IPAM config missing 'ipam' key/)
})
