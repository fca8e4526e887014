// Pool documents by a person's hand: what is written, what is refused, and what it says about both.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createPoolFiles } from '../../src/config/pool-files.ts'
import { poolDeskOf } from '../../src/pool-desk.ts'
import { settle } from '../support/manual-clock.ts'
import { key } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from './admin-socket.ts'

function document(name: string, spec: object, kind = 'SpiderIPPool'): string {
  const head = `apiVersion: spiderpool.spidernet.io/v2beta1\nkind: ${kind}\n`
  return `${head}metadata: { name: ${name} }\nspec: ${JSON.stringify(spec)}\n`
}

const green = { subnet: '10.7.0.0/29', ips: ['10.7.0.2-10.7.0.6'], default: true }

async function opened(t: Parameters<typeof openAdmin>[0]) {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-pools-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'blue.yaml'), document('blue', { subnet: '10.9.0.0/29', ips: [] }))
  const house = new TestHouse([])
  house.source = createPoolFiles({ directories: [directory] })
  await house.open()
  const pools = poolDeskOf({ poolDirs: [directory] })
  const { ask } = await openAdmin(t, house.house, { clock: house.clock, pools })
  const order = async (path: string, body: object) => {
    const answer = await ask(path, 'POST', body)
    await settle()
    return answer
  }
  const apply = (documents: string, more = {}) => order('/v1/apply', { documents, ...more })
  const until = async (path: string, is: (body: Record<string, unknown>) => boolean) => {
    for (let i = 0; i < 500; i += 1) {
      const { body } = await ask(path)
      if (is(body)) return
    }
    throw new Error(`${path} did not become what it should`)
  }
  const hasPool = (name: string, is: boolean) =>
    until(
      '/v1/pools',
      ({ pools: all }) => (all as { name: string }[]).some(p => p.name === name) === is
    )
  return { directory, house, ask, order, apply, hasPool }
}

t.test('a document comes, changes and goes', async t => {
  const { directory, apply, order, hasPool } = await opened(t)
  t.match(await apply(document('green', green), { dryRun: true }), {
    status: 200,
    body: { changes: [{ name: 'green', change: 'created' }], dryRun: true }
  })
  t.same(readdirSync(directory), ['blue.yaml'], 'a dry run writes nothing')
  t.match((await apply(document('green', green))).body, {
    ...{ changes: [{ kind: 'SpiderIPPool', change: 'created', fields: [] }], dryRun: false },
    directory
  })
  t.same(readdirSync(directory), ['blue.yaml', 'orb.spiderippool.green.yaml'])
  const text = readFileSync(join(directory, 'orb.spiderippool.green.yaml'), 'utf8')
  t.match(text, /^# Written by orb apply.*\napiVersion: spiderpool.*\nkind: SpiderIPPool\n/)
  await hasPool('green', true)
  t.match((await apply(document('green', green))).body, { changes: [{ change: 'unchanged' }] })
  t.match((await apply(document('green', { ...green, ips: ['10.7.0.3'] }))).body, {
    changes: [
      {
        change: 'configured',
        fields: ['spec.ips: ["10.7.0.2-10.7.0.6"] -> ["10.7.0.3"]']
      }
    ]
  })
  t.match((await order('/v1/delete', { name: 'green' })).body, {
    changes: [{ name: 'green', change: 'deleted' }]
  })
  t.same(readdirSync(directory), ['blue.yaml'])
  await hasPool('green', false)
})

t.test('what is refused', async t => {
  const { directory, apply, order } = await opened(t)
  const rows: [string, string, number, RegExp][] = [
    ['no YAML', 'a: [', 400, /is no YAML/],
    ['no pool', 'kind: ConfigMap\napiVersion: v1\n', 400, /ConfigMap.* is not read here/],
    ['nothing', '', 400, /no pool document was sent/],
    ['a typo', document('green', { ...green, gatway: 'x' }), 409, /gatway: unknown key/],
    ['a way out of the directory', document('../green', green), 409, /must be a DNS name/],
    [
      'one that another file keeps',
      document('blue', { subnet: '10.9.0.0/29', ips: ['10.9.0.3'] }),
      409,
      /SpiderIPPool blue stands in .*blue\.yaml, which somebody else keeps/
    ],
    ['an overlap', document('green', { ...green, subnet: '10.9.0.0/28', ips: [] }), 409, /overlap/],
    ['a double', `${document('green', green)}---\n${document('green', green)}`, 409, /of this name/]
  ]
  for (const [name, text, status, error] of rows) {
    t.match(await apply(text), { status, body: { error } }, name)
  }
  t.match(await order('/v1/delete', { name: 'blue' }), { status: 409, body: { error: /keeps/ } })
  t.match(await order('/v1/delete', { name: 'red' }), { status: 404, body: { error: /no Spider/ } })
  t.match(await order('/v1/delete', {}), { status: 400, body: { error: /name: is missing/ } })
  t.match(await order('/v1/apply', { documents: 7 }), { status: 400 })
  t.same(readdirSync(directory), ['blue.yaml'])
})

t.test('nobody is left with an address of no pool', async t => {
  const { apply, order, house, hasPool } = await opened(t)
  await apply(document('green', green))
  await hasPool('green', true)
  await house.pass(2_000)
  const pod = { namespace: 'default', name: 'web-1' }
  t.type(await house.add(key('c1'), { pod }), Array)
  const error = /10\.7\.0\.2 of green is used by default\/web-1; delete these pods first/
  t.match(await order('/v1/delete', { name: 'green' }), { status: 409, body: { error } })
  const smaller = document('green', { ...green, ips: ['10.7.0.4-10.7.0.6'] })
  t.match(await apply(smaller), { status: 409, body: { error } })
  const reserved = document('mine', { ips: ['10.7.0.2'] }, 'SpiderReservedIP')
  t.match(await apply(reserved), { status: 409, body: { error } })
  t.match(await apply(document('green', { ...green, ips: ['10.7.0.2'] })), { status: 200 })
})

t.test('where there is no directory', async t => {
  const { ask } = await openAdmin(t, (await new TestHouse().open()).house, {
    pools: poolDeskOf({ poolDirs: [] })
  })
  t.match(await ask('/v1/apply', 'POST', { documents: document('green', green) }), {
    status: 409,
    body: { error: /no pool directory to write to/ }
  })
})
