// The whole proof: get what the suites need, build, check, run every test, and count.
//   npm test                        everything
//   npm test -- test/core           what lies below a folder, or single files

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from './build.ts'
import { check } from './check.ts'
import { run } from './run.ts'
import { setup } from './setup.ts'

const root = join(import.meta.dirname, '..')

/** Histories of each class; one takes some 30 ms of a processor. */
const simulatedSeeds = 2_000

/** Suites that compare durations: nothing else runs meanwhile. */
const alone: ReadonlySet<string> = new Set([
  'test/cluster/burst.test.ts',
  'test/cluster/chaos.test.ts'
])

interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly leftOut: ReadonlySet<string>
}

const only = process.argv.slice(2)
if (only.length === 0) await setup()
await build()
prepareTap()
const failedChecks = only.length === 0 ? check() : []
const files = testFiles(only)
const outcome = merged([
  await runTests(files.filter(file => !alone.has(file))),
  await runTests(
    files.filter(file => alone.has(file)),
    ['--jobs=1']
  )
])
const histories = only.length === 0 && process.env['CI'] === 'true' ? simulate() : undefined
for (const line of outcome.leftOut) console.log(line)
for (const name of failedChecks) console.log(`failed: ${name}`)
const failed = outcome.failed + failedChecks.length + (histories?.failed ?? 0)
const passed = outcome.passed + (histories?.passed ?? 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/** Many histories of clusters, after all else: they take every processor. Counts the classes of them. */
function simulate(): { passed: number; failed: number } {
  const args = ['scripts/sim.ts', '--seeds', String(simulatedSeeds), '--jobs', '2']
  const { stdout, status } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  console.log(stdout)
  const results = [...stdout.matchAll(/^[a-z]+: \d+ histories .* (\d+) failed$/gm)]
  const failed = results.filter(([, count]) => count !== '0').length
  if (failed === 0 && status !== 0) return { passed: results.length, failed: 1 }
  return { passed: results.length - failed, failed }
}

/** tap composes its test class of the plugins that .taprc names, once for an installation. */
function prepareTap(): void {
  const composed = join(root, 'node_modules/@tapjs/test/test-built/dist/esm/index.js')
  const isDone = existsSync(composed) && !/@tapjs\/typescript/.test(readFileSync(composed, 'utf8'))
  if (!isDone) run('tap', ['build'])
}

function testFiles(below: readonly string[]): string[] {
  const patterns = below.length === 0 ? ['test'] : below
  return patterns
    .flatMap(path =>
      path.endsWith('.ts') ? [path] : globSync(`${path}/**/*.test.ts`, { cwd: root })
    )
    .sort()
}

function merged(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
    failed: outcomes.reduce((sum, { failed }) => sum + failed, 0),
    leftOut: new Set(outcomes.flatMap(({ leftOut }) => [...leftOut]))
  }
}

/** Show one line a file, everything of a file that failed, and count what tap counts. */
async function runTests(files: readonly string[], options: string[] = []): Promise<Outcome> {
  if (files.length === 0) return { passed: 0, failed: 0, leftOut: new Set() }
  const tap = spawn(
    process.execPath,
    [join(root, 'node_modules/.bin/tap'), 'run', '--reporter=tap', ...options, ...files],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const leftOut = new Set<string>()
  let details: string[] = []
  let counts = { pass: 0, fail: 0 }
  for await (const line of createInterface({ input: tap.stdout })) {
    details.push(line)
    const left = /left out: .*/.exec(line)
    if (left !== null) leftOut.add(left[0])
    const file = /^(ok|not ok) \d+ - (.*)$/.exec(line)
    if (file !== null) {
      console.log(file[1] === 'ok' ? line : details.join('\n'))
      details = []
    }
    const total = /^# \{ total: \d+.*\}$/.exec(line)
    if (total !== null) counts = { pass: count(line, 'pass'), fail: count(line, 'fail') }
  }
  const status = await new Promise<number | null>(resolve => {
    if (tap.exitCode !== null) resolve(tap.exitCode)
    else tap.once('exit', resolve)
  })
  // A run that ended badly without a failed test of its own (a crash, a timeout) is a failure all the same.
  if (status !== 0 && counts.fail === 0) {
    console.log(details.join('\n'))
    counts.fail = 1
  }
  return { passed: counts.pass, failed: counts.fail, leftOut }
}

function count(line: string, name: string): number {
  return Number(new RegExp(`${name}: (\\d+)`).exec(line)?.[1] ?? 0)
}
