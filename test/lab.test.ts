// The lab as people use it: it comes up, stays, does what its commands say, and goes without a trace, also
// when somebody has killed parts of it.

import './support/own-host.ts'

import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { mainPlugins, plugin } from './support/ipam.ts'
import { attempt, eventually } from './support/command.ts'
import { requirePrograms, requireRoot } from './support/privilege.ts'

const root = join(import.meta.dirname, '..')
const script = join(root, 'scripts/lab.ts')
const timeoutMs = 120_000

const what = 'the lab'
const programs = ['ip', 'ping', plugin, ...mainPlugins('macvlan'), join(root, 'dist/main.js')]
if (requireRoot(t, what) && requirePrograms(t, what, programs)) suite()

function suite(): void {
  t.test('three nodes', async t => {
    const dir = labDir()
    const up = await lab(dir, '--no-build')
    t.equal(up.code, 0, up.stderr)
    for (const node of ['n1', 'n2', 'n3']) {
      t.match(up.stdout, new RegExp(`${node} +10\\.57\\.0\\.\\d:7946 +${dir}/.*sock +${dir}/.*log`))
    }
    t.match(up.stdout, /10\.58\.0\.0\/24\nNODE +ADDRESSES +BLOCKS\nn1 +\d+ /)

    const again = await lab(dir, '--no-build')
    t.equal(again.code, 1, 'one at a time')
    t.match(again.stderr, /there is a lab in .* already/)

    const added = await lab(dir, 'pod', 'n2', 'web-1')
    t.match(added.stdout, /web-1 on n2 has 10\.58\.0\.\d+\/24 and fd58::[0-9a-f]+\/64 after/)
    t.equal((await lab(dir, 'exec', 'web-1', 'ping', '-c', '1', '10.58.0.1')).code, 0)
    const taken = await lab(dir, 'pod', 'n1', 'web-1')
    t.match(taken.stderr, /there is a web-1 already/)
    t.match((await lab(dir, 'exec', 'n3', 'orbweaverd', 'peers')).stdout, /n1 [^]*n2 /)

    await cutAndHeal(t, dir)

    await lab(dir, 'stop', 'n2')
    t.match((await lab(dir, 'list')).stdout, /n2 +10\.57\.0\.2:7946 +whole +does not answer/)
    t.equal((await lab(dir, 'start', 'n2')).code, 0)
    t.match((await lab(dir, 'list')).stdout, /web-1 +n2 +10\.58\.0\.\d+\/24 and fd58::/)
    t.match((await lab(dir, 'delete', 'web-1')).stdout, /web-1 is deleted on n2/)
    t.notMatch((await lab(dir, 'list')).stdout, /web-1/)

    const [daemon] = daemons(dir)
    process.kill(daemon ?? 0, 'SIGKILL')
    t.match((await lab(dir, '--down')).stdout, /The lab is gone/)
    nothingIsLeft(t, dir)
    t.match((await lab(dir, '--down')).stdout, /There was no lab/)
  })

  t.test('somebody kills it while it comes up', async t => {
    const dir = labDir()
    const up = spawn(process.execPath, [script, '--no-build'], { env: environment(dir) })
    await eventually('a daemon runs', () => daemons(dir).length > 0, timeoutMs)
    up.kill('SIGKILL')
    t.match((await lab(dir, '--no-build')).stderr, /already/)
    t.match((await lab(dir, '--down')).stdout, /The lab is gone/)
    nothingIsLeft(t, dir)
  })

  t.test('Ctrl-C while it comes up', async t => {
    const dir = labDir()
    const up = spawn(process.execPath, [script, '--no-build'], { env: environment(dir) })
    await eventually('a daemon runs', () => daemons(dir).length > 0, timeoutMs)
    up.kill('SIGINT')
    await eventually('it has ended', () => up.exitCode !== null, timeoutMs)
    t.equal(up.exitCode, 1)
    nothingIsLeft(t, dir)
  })

  t.test('a directory of somebody else', async t => {
    const dir = labDir()
    mkdirSync(dir)
    writeFileSync(join(dir, 'thesis.tex'), '')
    t.match((await lab(dir, '--no-build')).stderr, /is not empty, and what is in it is no lab/)
    await lab(dir, '--down')
    t.same(readdirSync(dir), ['thesis.tex'], 'it stays as it was')
  })

  t.test('what it cannot do', async t => {
    const dir = labDir()
    t.match((await lab(dir, 'list')).stderr, /there is no lab; npm run lab brings one up/)
    t.equal((await lab(dir, '--nodes', '101')).code, 2)
    t.match((await lab(dir, '--fast')).stderr, /Unknown option '--fast'/)
    t.notOk(existsSync(dir))
  })
}

async function cutAndHeal(t: Test, dir: string): Promise<void> {
  const reaches = async () =>
    (await lab(dir, 'exec', 'n1', 'ping', '-c', '1', '-W', '1', '10.57.0.3')).code === 0
  t.ok(await reaches())
  t.equal((await lab(dir, 'cut', 'n3')).code, 0)
  t.notOk(await reaches())
  t.match((await lab(dir, 'list')).stdout, /n1 .* whole .*\nn2 .* whole .*\nn3 .* cut /)
  const alone = await lab(dir, 'pod', 'n3', 'alone')
  t.match(alone.stdout, /alone on n3 has 10\.58\.0\.\d+/, alone.stderr)
  t.equal((await lab(dir, 'heal', 'n3')).code, 0)
  await eventually('the cable is whole', reaches, timeoutMs)
}

function labDir(): string {
  return join(mkdtempSync(join(tmpdir(), 'lab-')), 'lab')
}

function lab(dir: string, ...args: readonly string[]) {
  return attempt(process.execPath, [script, ...args], { env: environment(dir), timeoutMs })
}

function environment(dir: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ORBWEAVER_LAB: dir }
}

function daemons(dir: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => commandLine(pid).includes(`\0run\0--config\0${dir}/`))
    .map(Number)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function nothingIsLeft(t: Test, dir: string): void {
  t.notOk(existsSync(dir), 'no files')
  t.same(daemons(dir), [], 'no daemons')
  t.same(existsSync('/run/netns') ? readdirSync('/run/netns') : [], [], 'no namespaces')
}
