// The demo as a newcomer runs it: it tells its story, and leaves nothing behind however it ends.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { eventually } from './support/command.ts'
import { mayMakeNamespaces, requireRoot } from './support/privilege.ts'

const root = join(import.meta.dirname, '..')
const demo = join(root, 'scripts/demo.ts')
const timeLimitMs = 60_000
/** What is built already is built by others at this moment, perhaps, or in use. */
const isBuilt = ['dist/main.js', 'build/orbweaver'].every(file => existsSync(join(root, file)))
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

/** One demo in a process. */
class Run {
  readonly child: ChildProcess
  readonly #began = Date.now()
  readonly #mark = `DEMO_TEST=${randomUUID()}`
  readonly #closed: Promise<unknown[]>
  stdout = ''
  stderr = ''

  constructor(options: readonly string[], prefix: readonly string[] = []) {
    const [command = '', ...args] = [...prefix, process.execPath, demo, ...options]
    const { FORCE_COLOR: _, ...env } = process.env
    const [name = '', value] = this.#mark.split('=')
    this.child = spawn(command, isBuilt ? [...args, '--no-build'] : args, {
      cwd: root,
      env: { ...env, CI: 'true', HOME: tmpdir(), [name]: value },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    this.child.stdout?.on('data', data => (this.stdout += String(data)))
    this.child.stderr?.on('data', data => (this.stderr += String(data)))
    this.#closed = once(this.child, 'close')
  }

  async shows(text: string): Promise<void> {
    const has = (): boolean => {
      if (this.child.exitCode !== null) throw new Error(`ended early: ${this.stdout}${this.stderr}`)
      return this.stdout.includes(text)
    }
    await eventually(`the demo shows "${text}"`, has, timeLimitMs)
  }

  /** Wait for its end, and look at what is the same for all. */
  async end(t: Test, status: number): Promise<void> {
    const [actual] = await this.#closed
    if (actual !== status) t.comment(this.stdout, this.stderr)
    t.equal(actual, status, 'the exit status')
    t.ok(Date.now() - this.#began < timeLimitMs, 'within a minute')
    const tooWide = this.stdout.split('\n').filter(line => line.length > 100)
    t.same(tooWide, [], 'no line is wider than 100 columns')
    t.notMatch(this.stdout, '\x1b', 'no colours where there is no terminal')
    const ours = (name: string): boolean => name.startsWith(`orbweaver-demo-${this.child.pid}-`)
    for (const dir of ['/run/netns', tmpdir()].filter(dir => existsSync(dir))) {
      t.same(readdirSync(dir).filter(ours), [], `nothing is left in ${dir}`)
    }
    t.same(this.processes(), [], 'no process is left')
  }

  /** Those it has started, and theirs, by what they have inherited from it. */
  processes(program = ''): number[] {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number)
      .filter(pid => pid !== this.child.pid && read(pid, 'environ').includes(this.#mark))
      .filter(pid => read(pid, 'cmdline').includes(program))
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

t.test('with real interfaces', async t => {
  if (!requireRoot(t, 'the demo with real interfaces')) return
  const run = new Run([])
  await run.end(t, 0)
  for (const to of ['10\\.58\\.0\\.\\d+', 'fd58::[0-9a-f]+']) {
    t.match(run.stdout, new RegExp(`web-1 on n1 +web-2 on n2 +${to} +3 of 3`), 'pings are shown')
    t.match(run.stdout, new RegExp(`alone-1 on n1 +alone-3 on n3 +${to} +3 of 3`), 'and again')
  }
  t.match(run.stdout, /web-3 +n3 +10\.58\.0\.\d+\/24 +fd58::[0-9a-f]+\/64 +\d/)
  t.match(run.stdout, /alone-3 +n3 +10\.58\.0\.\d+\/24 +fd58::[0-9a-f]+\/64 +\d/)
  t.match(run.stdout, /web-1 reaches web-2 on n2, and not web-3 on n3/)
  t.match(run.stdout, /n1 +n2\n +n2 +n1\n +n3 +nobody\n/, 'whom they reach while it is cut')
  t.match(run.stdout, /They talk again after \d.* and agree after \d/)
  const [, named] = /db-0 had (10\.58\.0\.\d+) on n1/.exec(run.stdout) ?? []
  t.match(run.stdout, new RegExp(`db-0 +n3 +${named}/24 `), 'the address has moved')
  t.match(run.stdout, new RegExp(`web-2 on n2 +db-0 on n3 +${named} +3 of 3`))
  t.match(run.stdout, /README\.md .*\n.*npm run lab .*\n.*npm run bench .*\n.*npm test .*\n$/)
  t.notMatch(run.stdout, /Left out/)
})

t.test('without interfaces', async t => {
  const run = new Run(['--no-links'])
  await run.end(t, 0)
  t.match(run.stdout, /Left out:/)
  t.match(run.stdout, /n3 is stopped/)
  t.match(run.stdout, /They talk again after \d/)
  t.match(run.stdout, /All three nodes say now that 10\.58\.0\.\d+ is n3's/)
  t.match(run.stdout, /What to try next/)
  t.notMatch(run.stdout, /macvlan|ROUND TRIP/)
})

t.test('a user who is not root', async t => {
  const isReadable =
    spawnSync(nobody[0] ?? '', [...nobody.slice(1), 'test', '-r', demo]).status === 0
  if (!mayMakeNamespaces() || !isReadable) return t.plan(0, 'nobody else can read this directory')
  const run = new Run([], nobody)
  await run.end(t, 0)
  t.match(run.stdout, /Without the rights of root|Left out:/)
})

t.test('Ctrl-C', async t => {
  for (const moment of ['Start three nodes', 'A pod on each node', 'The cable of n3 is cut']) {
    const run = new Run([])
    await run.shows(moment)
    run.child.kill('SIGINT')
    await run.end(t, 1)
    t.match(run.stderr, /The demo failed: it was interrupted \(SIGINT\)/)
  }
})

t.test('a daemon dies', async t => {
  const run = new Run([])
  await run.shows('A pod on each node')
  const [daemon] = run.processes('dist/main.js')
  if (daemon === undefined) throw new Error('the demo has daemons by now')
  process.kill(daemon, 'SIGKILL')
  await run.end(t, 1)
  t.match(run.stderr, /the daemon of n\d ended with SIGKILL/)
  t.match(run.stderr, /The last lines of the daemon of n1:\n +[\d:.]{12} (info|warn) \w/)
})

t.test('nobody reads what it prints', async t => {
  const run = new Run([])
  await run.shows('Start three nodes')
  run.child.stdout?.destroy()
  await run.end(t, 1)
})

t.test('an option that it does not have', async t => {
  const run = new Run(['--fast'])
  await run.end(t, 2)
  t.match(run.stderr, /Unknown option '--fast'[^]*--no-build/)
})
