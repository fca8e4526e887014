// Installing and removing: what is there afterwards, in which order it came, and what is never touched.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
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
import t from 'tap'
import { buildPlugin } from '../../scripts/build-plugin.ts'
import { installPlugin, uninstallPlugin } from '../../src/host/install-plugin.ts'

const built = join(import.meta.dirname, '../../build/orbweaver')
if (!existsSync(built)) buildPlugin()

const network = JSON.stringify({
  cniVersion: '1.0.0',
  name: 'underlay',
  plugins: [{ type: 'macvlan', ipam: { type: 'orbweaver' } }]
})
const conflistName = '10-underlay.conflist'
const foreign = '#!/bin/sh\nexit 0\n'

function stage() {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-install-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const conflist = join(directory, conflistName)
  writeFileSync(conflist, network)
  const binDir = join(directory, 'opt/cni/bin')
  const confDir = join(directory, 'etc/cni/net.d')
  return {
    directory,
    conflist,
    binDir,
    confDir,
    plugin: join(binDir, 'orbweaver'),
    others: ['orbweaver-coordinator', 'orbweaver-ifacer'].map(name => join(binDir, name)),
    dropIn: join(binDir, 'spiderpool'),
    dropIns: ['spiderpool', 'coordinator', 'ifacer'].map(name => join(binDir, name)),
    installed: join(confDir, conflistName),
    plain: { binDir, confDir, dropIn: false },
    full: { binDir, confDir, conflist, dropIn: true }
  }
}

/** In the order of a directory that is read. */
const own = ['orbweaver', 'orbweaver-coordinator', 'orbweaver-ifacer']

function removedOwn({ plugin, others }: ReturnType<typeof stage>): string {
  return [...others.toReversed(), plugin].map(path => `removed ${path}\n`).join('')
}

const invalid = (message: RegExp) => ({ code: 'ERR_CONFIG_INVALID', message })

t.test('install: contents, modes, and the network configuration last', async t => {
  const at = stage()
  t.equal(
    installPlugin(at.full),
    [at.plugin, ...at.others, ...at.dropIns, at.installed]
      .map(path => `installed ${path}\n`)
      .join('')
  )
  for (const path of [at.plugin, ...at.others, ...at.dropIns]) {
    t.ok(readFileSync(path).equals(readFileSync(built)), path)
    t.equal(statSync(path).mode & 0o7777, 0o755, path)
  }
  t.equal(readFileSync(at.installed, 'utf8'), network)
  t.equal(statSync(at.installed).mode & 0o7777, 0o644)
  t.same(readdirSync(at.binDir), ['coordinator', 'ifacer', ...own, 'spiderpool'], 'no leftovers')
  t.same(readdirSync(at.confDir), [conflistName])
  for (const path of [at.binDir, at.confDir]) t.equal(statSync(path).mode & 0o777, 0o755, path)
})

t.test(
  'install: without a network configuration the directory of networks is left alone',
  async t => {
    const at = stage()
    const paths = [at.plugin, ...at.others]
    t.equal(installPlugin(at.plain), paths.map(path => `installed ${path}\n`).join(''))
    t.notOk(existsSync(at.confDir))
    t.notOk(existsSync(at.dropIn))
  }
)

t.test('install: the plugin is there when the network configuration cannot be', async t => {
  const at = stage()
  mkdirSync(at.installed, { recursive: true })
  t.throws(() => installPlugin(at.full), invalid(/10-underlay\.conflist: .*EISDIR/))
  t.ok(existsSync(at.plugin))
})

t.test('install: a plugin that is being executed is replaced in one step', async t => {
  const at = stage()
  installPlugin(at.plain)
  const loop = `while [ ! -e "$1" ]; do CNI_COMMAND=VERSION "$0" >/dev/null || exit 1; done`
  const stop = join(at.directory, 'stop')
  const children = Array.from({ length: 4 }, () =>
    spawn('/bin/sh', ['-c', loop, at.plugin, stop], { stdio: ['ignore', 'ignore', 'pipe'] })
  )
  const ended = children.map(async child => {
    let said = ''
    child.stderr.on('data', chunk => (said += String(chunk)))
    const [status] = (await once(child, 'close')) as [number | null]
    return { status, said }
  })
  for (let i = 0; i < 50; i += 1) {
    chmodSync(at.plugin, 0o555)
    installPlugin(at.plain)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  writeFileSync(stop, '')
  for (const outcome of await Promise.all(ended)) t.same(outcome, { status: 0, said: '' })
  t.same(readdirSync(at.binDir), own)
})

t.test('install: what is there already is not written again', async t => {
  const at = stage()
  installPlugin(at.full)
  const before = [at.plugin, at.installed].map(path => statSync(path).ino)
  t.equal(
    installPlugin(at.full),
    [at.plugin, ...at.others, ...at.dropIns, at.installed]
      .map(path => `${path} is there already\n`)
      .join('')
  )
  t.same(
    [at.plugin, at.installed].map(path => statSync(path).ino),
    before,
    'runtimes see no change'
  )
})

t.test('install: what is no network configuration is named with its reason', async t => {
  const at = stage()
  const rows: [string, string | undefined, RegExp][] = [
    ['absent.conflist', undefined, /--conflist: .*absent\.conflist cannot be read: ENOENT/],
    ['null.conflist', 'null', /null\.conflist is no JSON object$/],
    ['list.conflist', '[]', /list\.conflist is no JSON object$/],
    ['broken.conflist', '{', /broken\.conflist is no JSON object: .*JSON/],
    ['nameless.conflist', '{"name":""}', /nameless\.conflist has no name/],
    ['underlay.yaml', network, /underlay\.yaml must end in/]
  ]
  for (const [name, text, message] of rows) {
    const conflist = join(at.directory, name)
    if (text !== undefined) writeFileSync(conflist, text)
    t.throws(() => installPlugin({ ...at.plain, conflist }), invalid(message), name)
  }
  t.notOk(existsSync(at.binDir), 'nothing is installed before all of it is known to be good')
})

t.test('directories that cannot be used are named with the reason', async t => {
  const at = stage()
  const file = join(at.directory, 'file')
  writeFileSync(file, '')
  const inFile = join(file, 'dir')
  t.throws(() => installPlugin({ ...at.plain, binDir: inFile }), invalid(/file\/dir.*: .*ENOTDIR/))
  t.throws(() => installPlugin({ ...at.full, confDir: inFile }), invalid(/file\/dir.*: .*ENOTDIR/))
  t.throws(() => uninstallPlugin({ ...at.full, confDir: file }), invalid(/file: .*ENOTDIR/))
})

t.test('install: another program under the name spiderpool is not replaced', async t => {
  const at = stage()
  mkdirSync(at.binDir, { recursive: true })
  writeFileSync(at.dropIn, foreign, { mode: 0o755 })
  t.throws(() => installPlugin(at.full), invalid(/^install: .*spiderpool is another program/))
  t.equal(readFileSync(at.dropIn, 'utf8'), foreign)
  t.same(readdirSync(at.binDir), ['spiderpool'], 'nor is anything else installed then')
  t.notOk(existsSync(at.installed))
})

t.test('install: our own plugin of an older release is replaced under either name', async t => {
  const at = stage()
  mkdirSync(at.binDir, { recursive: true })
  const older = Buffer.concat([readFileSync(built), Buffer.from('older')])
  for (const path of [at.plugin, at.dropIn]) writeFileSync(path, older, { mode: 0o755 })
  installPlugin(at.full)
  for (const path of [at.plugin, at.dropIn]) {
    t.ok(readFileSync(path).equals(readFileSync(built)), path)
  }
})

t.test('uninstall: the network configuration goes first, then the plugin', async t => {
  const at = stage()
  installPlugin(at.full)
  t.equal(
    uninstallPlugin(at.full),
    [at.installed, ...at.dropIns].map(path => `removed ${path}\n`).join('') + removedOwn(at)
  )
  t.same(readdirSync(at.binDir), [])
  t.same(readdirSync(at.confDir), [])
  t.equal(uninstallPlugin(at.full), 'nothing to remove\n')
})

t.test('uninstall: the network configuration is gone when the plugin cannot go', async t => {
  const at = stage()
  installPlugin(at.full)
  rmSync(at.plugin)
  mkdirSync(at.plugin)
  t.throws(() => uninstallPlugin(at.full), invalid(/orbweaver: /))
  t.notOk(existsSync(at.installed))
})

t.test('uninstall: the plugin stays as long as a network names it', async t => {
  const ipam = { type: 'orbweaver' }
  const rows: [string, object][] = [
    ['a.conflist', { name: 'a', plugins: [{ type: 'bridge' }, { type: 'macvlan', ipam }] }],
    ['a.conf', { name: 'a', type: 'macvlan', ipam }],
    ['a.json', { name: 'a', type: 'macvlan', IPAM: { Type: 'orbweaver' } }],
    ['a.conf', { type: 'multus', delegates: [{ type: 'macvlan', ipam }] }]
  ]
  for (const [name, content] of rows) {
    const at = stage()
    installPlugin(at.plain)
    mkdirSync(at.confDir, { recursive: true })
    const file = join(at.confDir, name)
    writeFileSync(file, JSON.stringify(content))
    t.throws(
      () => uninstallPlugin(at.plain),
      {
        ...invalid(/^uninstall: /),
        problems: [`${file} still names the plugin; remove it first, or give it with --conflist`]
      },
      name
    )
    t.ok(existsSync(at.plugin))
    t.throws(() => uninstallPlugin(at.full), invalid(/still names/), 'another one is given')
    t.equal(
      uninstallPlugin({ ...at.plain, conflist: `/elsewhere/${name}` }),
      `removed ${file}\n${removedOwn(at)}`
    )
  }
})

t.test('uninstall: a network that names another plugin is no obstacle', async t => {
  const rows: [string, string][] = [
    ['a.conflist', '{"plugins":[{"ipam":{"type":"host-local"}}]}'],
    ['a.conflist', '{"plugins":[{"ipam":{"type":"spiderpool"}}]}'],
    ['a.conflist', 'this is no JSON, and no runtime can use it: "ipam":{"type":"orbweaver"}'],
    ['a.conflist.bak', network],
    ['README', network]
  ]
  for (const [name, text] of rows) {
    const at = stage()
    installPlugin(at.plain)
    mkdirSync(at.confDir, { recursive: true })
    writeFileSync(join(at.confDir, name), text)
    t.equal(uninstallPlugin(at.plain), removedOwn(at), text)
  }
})

t.test('uninstall: the name spiderpool counts when it is removed as well', async t => {
  const at = stage()
  installPlugin({ ...at.plain, dropIn: true })
  mkdirSync(at.confDir, { recursive: true })
  writeFileSync(join(at.confDir, 'a.conf'), '{"name":"a","ipam":{"type":"spiderpool"}}')
  t.throws(() => uninstallPlugin({ ...at.plain, dropIn: true }), invalid(/a\.conf still names/))
  t.same(readdirSync(at.binDir), ['coordinator', 'ifacer', ...own, 'spiderpool'])
})

t.test('uninstall: another program under the name spiderpool is left', async t => {
  const at = stage()
  installPlugin(at.plain)
  writeFileSync(at.dropIn, foreign, { mode: 0o755 })
  mkdirSync(at.confDir, { recursive: true })
  writeFileSync(join(at.confDir, 'a.conf'), '{"name":"a","ipam":{"type":"spiderpool"}}')
  t.equal(
    uninstallPlugin({ ...at.plain, dropIn: true }),
    `left ${at.dropIn}: it is another program\n${removedOwn(at)}`
  )
  t.equal(readFileSync(at.dropIn, 'utf8'), foreign)
})
