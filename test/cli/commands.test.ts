// The command line against the admin socket of a house in this process: what is written, where, and the exit status.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { key, poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from '../admin/admin-socket.ts'
import { orb } from './surroundings.ts'

async function opened(t: Parameters<typeof openAdmin>[0]) {
  const house = await new TestHouse([
    poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'], { gateway: '10.9.0.1' })
  ]).open()
  const { socketPath, ask } = await openAdmin(t, house.house, {
    ...{ clock: house.clock, probe: house.namespaces }
  })
  const run = (...args: string[]) => orb(socketPath, args)
  return { house, run, socketPath, ask }
}

t.test('a view in each of its forms', async t => {
  const { run } = await opened(t)
  t.same(await run('pools'), {
    status: 0,
    out: [
      'NAME   SUBNET        TOTAL   USED   COOLING   FREE   DEFAULT   STATUS',
      'blue   10.9.0.0/29   5       0      0         5      yes       Active',
      ''
    ].join('\n'),
    err: ''
  })
  t.match(
    (await run('pools', '-o', 'wide')).out,
    /GATEWAY +AFFINITY +RANGES\n.*10\.9\.0\.1 +<none>/
  )
  t.equal((await run('pools', '-o', 'name')).out, 'pool/blue\n')
  t.match(JSON.parse((await run('pools', '-o', 'json')).out), { pools: [{ name: 'blue' }] })
  t.match(JSON.parse((await run('pools', '--json')).out), { pools: [{ name: 'blue' }] })
  t.match((await run('pools', '-o', 'yaml')).out, /^pools:\n {2}- name: blue\n/)
  t.match((await run('why', '10.9.0.2', '-o', 'name')).out, 'address/10.9.0.2\n')
  t.match(await run('explain', '-o', 'name'), { status: 2, err: /has no names; use -o json/ })
})

t.test('what there is none of', async t => {
  const empty = await new TestHouse([]).open()
  const { socketPath } = await openAdmin(t, empty.house)
  const rows = [
    ['pools', /^No pools: apply some/],
    ['subnets', /^No subnets are known/],
    ['blocks', /^No subnet is under custody/],
    ['addresses', /^No addresses are like that/]
  ] as const
  for (const [command, out] of rows) t.match(await orb(socketPath, [command]), { status: 0, out })
  const drained = await orb(socketPath, ['node', 'drain'])
  t.match(
    drained,
    { status: 0, out: /\nnothing is left here\n$/ },
    'said at the first look as well'
  )
  t.equal((await orb(socketPath, ['pools', '-o', 'name'])).out, '')
})

t.test('a node that serves nothing', async t => {
  const { socketPath } = await openAdmin(t, { why: 'the database is damaged' })
  t.match(await orb(socketPath, ['status']), {
    status: 0,
    out: /NotServing +1\.2\.3 +the database/
  })
  t.match(await orb(socketPath, ['pools']), { status: 1, err: 'orb: the database is damaged\n' })
})

t.test('what cannot be, and its exit status', async t => {
  const { run } = await opened(t)
  const rows: [string[], number, RegExp][] = [
    [['nonsense'], 2, /unknown command 'nonsense'/],
    [['pools', '-o', 'xml'], 2, /Allowed choices are json, yaml, wide, name/],
    [['why'], 2, /missing required argument 'ADDRESS'/],
    [['pools', '--colour'], 2, /unknown option '--colour'/],
    [['why', '10.8.0.1'], 1, /^orb: no subnet that this node knows has 10\.8\.0\.1\n$/],
    [['blocks', '10.8.0.0/24'], 1, /there is no subnet 10\.8\.0\.0\/24/],
    [['addresses', '--limit', '0'], 2, /--limit must be a number from 1/],
    [['addresses', '--state', 'full'], 1, /"full" is none of free/],
    [['apply'], 2, /say which file with -f/],
    [['apply', '-f', '/nonexistent'], 1, /\/nonexistent cannot be read/],
    [['release', '10.9.0.3', '--force'], 2, /--force needs a --reason/],
    [['release', '10.9.0.3', '--force', '--reason', ' '], 2, /--force needs a --reason/],
    [['explain', '--annotation', 'x'], 2, /must be key=value/],
    [['node', 'drain', 'n7'], 2, /this is n1, not n7/],
    [['node', 'drain', '--timeout', 'soon'], 2, /must be like 90s, 10m or 2h/],
    [['node', 'remove', 'n7'], 2, /say who vouches/],
    [['range', 'drain', '10.9.0.4'], 2, /say --for-good: it is given up for good/],
    [['range', 'keep', '10.9.0.4'], 1, /nothing of 10\.9\.0\.4 is being given up/],
    [['node', 'remove', 'n7', '--vouched-by', 'eve'], 1, /no member is called n7/],
    [['completion', 'tcsh'], 2, /no completion for tcsh/],
    [['status', '--socket', '/nonexistent/s'], 3, /no daemon answers at \/nonexistent\/s/],
    [['status', '--node', 'n7'], 1, /this node is alone/],
    [['transfer', '10.9.0.3', '--node', 'n7'], 2, /run this on n7 itself/]
  ]
  for (const [args, status, err] of rows) {
    t.match(await run(...args), { status, err }, args.join(' '))
  }
})

t.test('an order is done, and says so', async t => {
  const { house, run } = await opened(t)
  await house.add(key('c1'), { pod: { namespace: 'default', name: 'web-1' } })
  t.match((await run('release', '10.9.0.2')).err, /default\/web-1, which may live/)
  house.namespaces.gone.add('/run/netns/c1')
  t.match(await run('release', '10.9.0.2'), {
    status: 0,
    out: /^released 10\.9\.0\.2 from default\/web-1 \(net1\/c1\/eth0\)\n/
  })
  t.match(await run('node', 'drain', '--no-wait'), {
    status: 0,
    out: /^this node is being drained.*\nno other node.*\n10\.9\.0\.0\/29: 8 addresses are left\n$/
  })
  t.match(await run('node', 'drain', '--timeout', '0'), {
    status: 5,
    err: /something is left here/
  })
  t.match(await run('status'), { out: /Draining/ })
  t.match(await run('node', 'undrain'), { status: 0 })
})

t.test('documents from a file', async t => {
  const { run } = await opened(t)
  const file = join(t.testdir(), 'x.yaml')
  writeFileSync(file, 'x'.repeat(1_048_577))
  t.match(await run('apply', '-f', file), { status: 1, err: /more than 1048576 bytes/ })
  writeFileSync(file, 'a: [')
  t.match(await run('apply', '-f', file), { status: 1, err: /pools are written nowhere here/ })
})

t.test('pages are put together', async t => {
  const { house, run } = await opened(t)
  for (const id of ['c1', 'c2', 'c3']) await house.add(key(id))
  const all = await run('addresses', '--state', 'used', '-o', 'name')
  t.equal(all.out, 'address/10.9.0.2\naddress/10.9.0.3\naddress/10.9.0.4\n')
  const some = await run('addresses', '--state', 'used', '--limit', '2')
  t.match(some.out, /10\.9\.0\.3[^]*There are more: go on with --from 10\.9\.0\.4/)
})

t.test('every command has examples, and they parse', async t => {
  const { run } = await opened(t)
  const commands = [
    ...((await run('--help')).out.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z-]+) /gm)
  ].map(([, name]) => name)
  t.ok(commands.length > 15)
  const nested = [
    ...['drain', 'undrain', 'remove'].map(name => ['node', name]),
    ...['drain', 'keep'].map(name => ['range', name])
  ]
  for (const words of [...commands.map(name => [name ?? '']), ...nested]) {
    if (['node', 'range', 'help'].includes(words.join(' '))) continue
    const { out, status } = await run(...words, '--help')
    t.equal(status, 0)
    t.match(out, new RegExp(`Examples:\n {2}# .*\n {2}orb ${words.join(' ')}`), words.join(' '))
  }
})
