// What the admin socket shows of actors, addresses and choices of pools, from a client's side.

import t from 'tap'
import { ip, key, poolDocument } from '../support/samples.ts'
import { settle } from '../support/manual-clock.ts'
import { plainDemand, TestHouse } from '../support/test-house.ts'
import { openAdmin } from './admin-socket.ts'

const blue = poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'], { gateway: '10.9.0.1' })

async function opened(t: Parameters<typeof openAdmin>[0], documents = [blue]) {
  const house = await new TestHouse(documents).open()
  const admin = await openAdmin(t, house.house, { clock: house.clock, probe: house.namespaces })
  return { house, ...admin }
}

t.test('the actors as a tree', async t => {
  const { ask, house } = await opened(t)
  await house.add(key('c1'))
  const { body } = await ask('/v1/actors')
  const guardian = body['guardian'] as { restarts: number; children: { path: string }[] }
  t.equal(guardian.restarts, 0)
  t.same(guardian.children.map(({ path }) => path).sort(), [
    ...['allocator', 'catalogue', 'membership', 'reaper', 'secretary', 'subnet/10.9.0.0/29'],
    'synchroniser'
  ])
  t.match(
    guardian.children.find(({ path }) => path.startsWith('subnet')),
    {
      ...{ waiting: 0, mailboxLimit: 65_536, refused: 0, restarts: 0, lastType: String },
      children: [
        { path: 'subnet/10.9.0.0/29/broker', children: [] },
        { path: 'subnet/10.9.0.0/29/inquest' }
      ]
    }
  )
})

t.test('an actor that crashed is told with its error, and all were begun anew', async t => {
  const { ask, house } = await opened(t)
  const path = 'subnet/10.9.0.0/29'
  house.house.actors.tell(path, { type: 'Confirm', address: ip('10.9.0.3') })
  await settle()
  const { body } = await ask('/v1/actors')
  t.match(body, { guardian: { restarts: 1 } })
  const { children } = body['guardian'] as { children: { path: string; lastError?: object }[] }
  for (const { path: one, lastError } of children) {
    if (one === path) t.match(lastError, { message: /not taken/, at: /^\d{4}-/ })
    else t.equal(lastError, undefined, one)
  }
})

t.test('the messages of an actor as they pass', async t => {
  const { ask, house } = await opened(t)
  const subnet = '/v1/trace?path=subnet/10.9.0.0/29'
  t.match((await ask(subnet)).body, { messages: [], last: 0, missed: 0 }, 'it begins when asked')
  await house.add(key('c1'))
  const first = await ask(subnet)
  t.match(first.body, {
    messages: [
      { n: 1, at: /Z$/, message: { type: 'Reserve', pool: 'blue', replyTo: '(reply)' } },
      { n: 2, message: { type: 'Confirm', address: '10.9.0.2' } }
    ],
    last: 2
  })
  t.match((await ask(`${subnet}&after=1`)).body, { messages: [{ n: 2 }], missed: 0 })
  house.clock.advance(60_000)
  await settle()
  const vitals = () => house.house.actors.vitals().find(({ path }) => path.startsWith('subnet'))
  t.equal(vitals()?.traced, false, 'it ends when nobody asks any more')
  t.match(await ask('/v1/trace?path=nobody'), { status: 404, body: { error: /actors are/ } })
  t.match(await ask('/v1/trace?path=allocator&after=-1'), { status: 400 })
  t.match(await ask('/v1/inspect'), { status: 400, body: { error: /path: is missing/ } })
  t.match(await ask('/v1/inspect?who=x'), { status: 400, body: { error: /who: unknown/ } })
})

t.test('a storm of messages leaves what a reader can hold', async t => {
  const { ask, house } = await opened(t)
  await ask('/v1/trace?path=catalogue')
  for (let i = 0; i < 900; i += 1) house.house.catalogue.tell({ type: 'Reload' })
  await settle(2_000)
  const { body } = await ask('/v1/trace?path=catalogue')
  const { messages, last, missed } = body as { messages: object[]; last: number; missed: number }
  t.ok(last >= 900)
  t.equal(messages.length, 256)
  t.equal(messages.length + missed, last)
})

t.test('addresses one by one, and by stretches', async t => {
  const wide = poolDocument('wide', 'fd00::/64', ['fd00::1-fd00::ffff:ffff:ffff:ffff'])
  const { ask, house } = await opened(t, [blue, wide])
  await house.add(key('c1'), { pod: { namespace: 'default', name: 'web-1' } })
  await house.add(key('c2'))
  await house.del(key('c2'))
  const all = await ask('/v1/addresses')
  t.match(all.body['addresses'], [
    { first: '10.9.0.0', last: '10.9.0.1', state: 'reserved', node: 'node-1' },
    { first: '10.9.0.2', state: 'used', pool: 'blue', holder: 'net1/c1/eth0' },
    { first: '10.9.0.3', state: 'cooling', seconds: 0 },
    { first: '10.9.0.4', last: '10.9.0.6', count: 3, state: 'free' },
    { first: '10.9.0.7', state: 'reserved' },
    { first: 'fd00::', state: 'reserved', subnet: 'fd00::/64' },
    { first: 'fd00::1', state: 'used', pod: 'default/web-1' },
    { first: 'fd00::2', state: 'cooling' },
    { first: 'fd00::3', count: '18446744073709551613', state: 'free', pool: 'wide' }
  ])
  t.notOk('next' in all.body)
  const rows: [string, string[]][] = [
    ['state=used,cooling&pool=blue', ['10.9.0.2', '10.9.0.3']],
    ['pod=web-1', ['10.9.0.2', 'fd00::1']],
    ['pod=default/web-1&subnet=10.9.0.0/29', ['10.9.0.2']],
    ['pod=nobody', []],
    ['node=node-1&state=free', ['10.9.0.4', 'fd00::3']],
    ['node=node-2', []],
    ['from=fd00::2', ['fd00::2', 'fd00::3']]
  ]
  for (const [query, firsts] of rows) {
    const { body } = await ask(`/v1/addresses?${query}`)
    t.same(
      (body['addresses'] as { first: string }[]).map(({ first }) => first),
      firsts,
      query
    )
  }
  const seen: string[] = []
  for (let next: unknown = '10.9.0.0'; typeof next === 'string';) {
    const { body } = await ask(`/v1/addresses?limit=2&from=${next}`)
    seen.push(...(body['addresses'] as { first: string }[]).map(({ first }) => first))
    next = body['next']
  }
  t.same(
    seen,
    (all.body['addresses'] as { first: string }[]).map(({ first }) => first),
    'by pages'
  )
  const wrong: [string, RegExp][] = [
    ['limit=0', /limit: "0" must be a whole number from 1 to 5000/],
    ['state=full', /state: "full" is none of free, used, cooling/],
    ['from=here', /from: "here" is no IP address/],
    ['pool=a&pool=b', /pool: is given twice/]
  ]
  for (const [query, error] of wrong) {
    t.match(await ask(`/v1/addresses?${query}`), { status: 400, body: { error } }, query)
  }
})

t.test('why an address is as it is', async t => {
  const { ask, house } = await opened(t)
  await house.add(key('c1'), { pod: { namespace: 'default', name: 'web-1' } })
  t.match((await ask('/v1/why?address=10.9.0.2')).body, {
    ...{ address: '10.9.0.2', subnet: '10.9.0.0/29', state: 'used', pod: 'default/web-1' },
    ...{ pool: 'blue', node: 'node-1', key: /^\d+\.0$/ },
    history: [
      {
        source: 'registry',
        what: /^10\.9\.0\.0-10\.9\.0\.7 was shared out to node-1 \(record 3\)$/
      },
      { source: 'lease', what: 'held by node-1 since record 3' },
      { source: 'store', what: /^allocated to default\/web-1 \(net1\/c1\/eth0, / }
    ]
  })
  t.match((await ask('/v1/why?address=10.9.0.4')).body, { state: 'free' })
  t.match(await ask('/v1/why?address=10.10.0.4'), { status: 404, body: { error: /no subnet/ } })
  t.match(await ask('/v1/why'), { status: 400, body: { error: /is no IP address/ } })
})

t.test('subnets', async t => {
  const { ask, house } = await opened(t)
  await house.add(key('c1'))
  t.match((await ask('/v1/subnets')).body, {
    subnets: [
      {
        ...{ subnet: '10.9.0.0/29', pools: ['blue'], total: 5, used: 1, cooling: 0, free: 4 },
        ...{ owners: [{ node: 'node-1', count: 8 }], blocks: 1, serving: true }
      }
    ]
  })
})

t.test('why pools are chosen', async t => {
  const red = poolDocument('red', '10.8.0.0/29', ['10.8.0.2-10.8.0.6'], {
    ...{ default: false, namespaceName: ['prod'] }
  })
  const { ask, house } = await opened(t, [blue, red])
  const pod = { namespace: 'default', name: 'web-1' }
  await house.add(key('c1'), { pod, demand: plainDemand })
  t.match((await ask('/v1/explain', 'POST', { namespace: 'default', pod: 'web-1' })).body, {
    ...{ pod: 'default/web-1', ifname: 'eth0' },
    has: [{ address: '10.9.0.2', pool: 'blue', ifname: 'eth0' }],
    levels: [
      {
        ...{ level: 'Default', decides: true },
        interfaces: [
          { families: [{ family: 4, candidates: [{ pool: 'blue', usage: { free: 4, used: 1 } }] }] }
        ]
      }
    ]
  })
  const asked = await ask('/v1/explain', 'POST', { namespace: 'default', ipv4: ['red'] })
  t.match(asked.body, {
    levels: [
      {
        level: 'Network',
        interfaces: [{ families: [{ candidates: [{ pool: 'red', misfit: /namespace/ }] }] }],
        refusal: { reason: 'NoPoolFits' }
      },
      { level: 'Default', decides: false }
    ]
  })
  const bad = { 'ipam.spidernet.io/ippool': '{' }
  t.match((await ask('/v1/explain', 'POST', { annotations: bad })).body, {
    levels: [],
    refusal: { reason: 'AnnotationInvalid' }
  })
  for (const body of [{ annotations: [] }, { annotations: { a: 1 } }, { ipv4: 7 }, { who: 'me' }]) {
    t.match(await ask('/v1/explain', 'POST', body), { status: 400 }, JSON.stringify(body))
  }
})
