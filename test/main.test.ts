// The entry point, as people and init systems use it.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import t from 'tap'
import { daemonPaths, launchDaemon, startDaemon } from './support/daemon.ts'

const root = join(import.meta.dirname, '..')
const main = join(root, 'dist/main.js')

/** A Node on this machine that is older than the one we bring. */
function olderNode(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).map(place => join(place, 'node'))
  return [...places, '/usr/bin/node', '/usr/local/bin/node'].find(path => {
    if (!existsSync(path)) return false
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
    return Number(/^v(\d+)/.exec(version)?.[1]) < 24
  })
}

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-main-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

t.test('subcommands', async t => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
  t.match(run('version'), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(run('--help'), { status: 0, stdout: /orbweaverd check-config/ })
  for (const verb of ['blocks', 'peers', 'registry', 'drain', 'remove NODE', 'transfer ADDRESS']) {
    t.match(run('--help').stdout, `orbweaverd ${verb}`, verb)
  }
  for (const usage of [
    'cluster-key FILE',
    'remove NODE',
    'resolve ADDRESS NODE',
    'transfer ADDRESS'
  ]) {
    const [verb = ''] = usage.split(' ')
    t.match(run(verb), { status: 2, stderr: `it is: orbweaverd ${usage}\n` }, usage)
  }
  t.match(run('status', 'twice'), { status: 2, stderr: /it is: orbweaverd status\n/ })
  t.match(run('status', '--config', '/nowhere.yaml'), { status: 1, stderr: /cannot be read/ })
  t.match(run('nonsense'), { status: 2, stderr: /no command nonsense/ })
  t.match(run('run', '--nonsense'), { status: 2, stderr: /'--nonsense'.*[^]*--config FILE/ })
  t.match(run('install', '--bin-dir'), { status: 2, stderr: /--bin-dir/ })
  t.match(run('install', 'twice'), { status: 2, stderr: /one command.*install twice/ })
  const noDirectory = run('install', '--bin-dir', '/dev/null')
  t.match(noDirectory, { status: 1, stderr: /^orbweaverd: \/dev\/null.*E(EXIST|NOTDIR).*\n$/ })
  t.notMatch(noDirectory.stderr, /\n +at /, 'no stack for what is no mistake of ours')
  t.match(run('run', '--config', '/nowhere.yaml'), {
    status: 1,
    stderr: /nowhere\.yaml: cannot be read/
  })
})

t.test('a subcommand loads nothing that only the daemon needs', async t => {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const read = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    const source = readFileSync(path, 'utf8')
    const statement = /^(?:import|export)\s(?!type\s)[^'"]*?\sfrom\s'([^']+)'/gm
    for (const [, name = ''] of source.matchAll(statement)) {
      if (name.startsWith('.')) read(join(dirname(path), name))
      else if (!name.startsWith('node:')) packages.add(name)
    }
  }
  read(join(root, 'src/orb-command.ts'))
  t.ok(seen.size > 20, 'imports are followed')
  t.same([...packages].sort(), ['commander'], 'orb starts without anything else')
  read(join(root, 'src/commands.ts'))
  t.same([...packages].sort(), ['commander', 'valibot', 'yaml'], 'the configuration, and no more')
})

t.test('the daemon ends cleanly, and two never share a state directory', async t => {
  await using daemon = await startDaemon({ dir: temporary(), pools: '' })
  const second = launchDaemon({ dir: daemon.dir, config: { lockWaitSeconds: 0.1 } })
  await once(second.process, 'close')
  t.equal(second.process.exitCode, 1)
  t.match(second.log(), new RegExp(`process ${daemon.process.pid}.*stateDir of its own`))
  t.equal(await daemon.stop(), 0)
  t.match(daemon.log(), /"msg":"stopped"/)
})

t.test('a start that fails leaves nothing behind', async t => {
  const dir = temporary()
  writeFileSync(join(dir, 'plain'), '')
  for (const config of [
    { adminSocket: join(dir, 'plain', 'admin.sock') },
    { socket: join(dir, 'plain', 'cni.sock') },
    { stateDir: join(dir, 'plain', 'state') },
    { bootIdFile: join(dir, 'nothing') }
  ]) {
    const daemon = launchDaemon({ dir, pools: '', config })
    await once(daemon.process, 'close')
    t.equal(daemon.process.exitCode, 1, Object.keys(config).join())
    t.match(daemon.log(), /orbweaverd: .*(nobody can listen there|cannot be)/)
    t.notMatch(daemon.log(), /^\s+at /m, 'no stack: it is not a mistake of ours')
  }
  await using daemon = await startDaemon({ dir, pools: '' })
  t.equal(await daemon.stop(), 0, 'nothing is locked')
})

t.test('a daemon takes over from one that is just ending', async t => {
  await using first = await startDaemon({ dir: temporary(), pools: '' })
  const second = launchDaemon({ dir: first.dir })
  t.teardown(() => second.kill())
  t.equal(await first.stop(), 0)
  for (let i = 0; i < 1_000 && !second.log().includes('"msg":"ready"'); i += 1) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  t.match(second.log(), /"msg":"ready"/)
  t.equal(await second.stop(), 0)
})

const older = olderNode()
if (older === undefined) t.comment('there is no older Node on this machine, so none hands over')
else {
  t.test('an older Node hands over to the pinned one, and its signals too', async t => {
    const directory = temporary()
    const { adminSocket } = daemonPaths(directory)
    await using daemon = await startDaemon({ dir: directory, pools: '' })
    await daemon.stop()
    const child = spawn(older, [main, 'run', '--config', join(directory, 'config.yaml')], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.teardown(() => child.kill('SIGKILL'))
    let log = ''
    child.stdout.on('data', chunk => (log += String(chunk)))
    for (let i = 0; i < 1_000 && !log.includes('"msg":"ready"'); i += 1) {
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    t.ok(existsSync(adminSocket))
    const exited = once(child, 'close')
    child.kill('SIGTERM')
    t.same(await exited, [0, null])
    t.match(log, /"msg":"stopped"/, 'the daemon itself has ended')
  })
}
