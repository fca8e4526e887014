// The debug shell: what it shows of living actors, what it refuses, and how it behaves at a prompt.

import { spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { key } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from '../admin/admin-socket.ts'
import { orb } from './surroundings.ts'

const program = join(import.meta.dirname, '../../src/orb.ts')

async function opened(t: Parameters<typeof openAdmin>[0]) {
  const house = await new TestHouse().open()
  const { socketPath, chronicle } = await openAdmin(t, house.house, { clock: house.clock })
  const shell = (lines: string) => orb(socketPath, ['shell', '-c', lines])
  return { house, shell, socketPath, chronicle }
}

t.test('what it shows', async t => {
  const { house, shell } = await opened(t)
  await house.add(key('c1'))
  t.match(
    (await shell('actors')).out,
    /^ACTOR +MAILBOX[^]*│  └─ subnet\/10\.9\.0\.0\/29\/inquest[^]*├─ allocator +0\/65536/
  )
  t.match(
    (await shell('inspect allocator')).out,
    /^path: allocator\n[^]*state:\n {2}attachments: 1\n/
  )
  t.match((await shell('inspect subnet/10.9.0.0/29')).out, /used: "1"\n/)
  t.match(
    (await shell('leases 10.9.0.0/29')).out,
    /10\.9\.0\.7 +8 +\d+\.0 +node-1 \(mine\)[^]*serving: yes/
  )
  t.match(await shell('help; exit; nonsense'), { status: 0, out: /^COMMAND/ })
})

t.test('every actor describes itself, without secrets', async t => {
  const { shell, house } = await opened(t)
  const { identity } = house.store.load().leases
  for (const { path } of house.house.actors.vitals()) {
    const { out, status } = await shell(`inspect ${path}`)
    t.equal(status, 0)
    t.notMatch(out, /state: {}\n/, `${path} says something`)
    t.notOk(out.includes(identity.key), `${path} shows no key`)
  }
})

t.test('what it refuses', async t => {
  const { shell } = await opened(t)
  const rows: [string, number, RegExp][] = [
    ['nonsense', 2, /there is no nonsense here; help/],
    ['inspect', 2, /it is: inspect PATH/],
    ['inspect nobody', 1, /no actor is called nobody; actors are/],
    ['leases 10.8.0.0/24', 1, /is no subnet here; there is 10\.9\.0\.0\/29/],
    ['trace allocator soon', 2, /"soon" is no number of seconds/],
    ['ask allocator ListAttachments', 1, /unlock REASON first/],
    ['unlock', 2, /it is: unlock REASON/],
    ['unlock x; lock; ask allocator ListAttachments', 1, /unlock REASON first/],
    ['unlock x; ask allocator Release', 1, /it may be ListAttachments/]
  ]
  for (const [lines, status, err] of rows) t.match(await shell(lines), { status, err }, lines)
})

t.test('what is asked past the guards is in the audit', async t => {
  const { shell, chronicle } = await opened(t)
  t.match(await shell('unlock INC-7; ask subnet/10.9.0.0/29 DescribeUsage'), {
    status: 0,
    out: /^unlocked[^]*pool: blue\n/
  })
  const orders = chronicle.after(0).entries.map(({ event }) => event)
  t.match(orders, [{ type: 'OrderGiven', order: '/v1/tell', body: { reason: 'INC-7' } }])
})

t.test('a trace shows messages as they pass', async t => {
  const { house, shell } = await opened(t)
  await shell('trace allocator 0')
  await house.add(key('c1'), { pod: { namespace: 'default', name: 'web-1' } })
  const { out } = await shell('trace allocator 0')
  t.match(out, / Allocate \{.*"name":"web-1"[^]* Reserved [^]* CommitTick\n/)
  t.ok(
    out.split('\n').every(line => line.length < 300),
    'in lines that can be read'
  )
})

t.test('a prompt with history', async t => {
  const { socketPath } = await opened(t)
  const state = t.testdir()
  const child = spawn(process.execPath, [program, 'shell', '--socket', socketPath], {
    env: { ...process.env, XDG_STATE_HOME: state },
    stdio: ['pipe', 'pipe', 'pipe']
  })
  let out = ''
  child.stdout.on('data', chunk => (out += String(chunk)))
  child.stdin.end('leases nowhere\nunlock INC-7\nactors\nexit\nactors\n')
  const status = await new Promise(resolve => child.once('close', resolve))
  t.equal(status, 0)
  t.match(out, /n1> [^]*nowhere is no subnet here[^]*unlocked[^]*guardian/)
  t.equal(out.split('guardian').length, 2, 'nothing runs after exit')
  const file = join(state, 'orbweaver/shell-history')
  t.equal(readFileSync(file, 'utf8'), 'leases nowhere\nunlock INC-7\nactors\nexit\n')
  t.equal(statSync(file).mode & 0o777, 0o600)
})
