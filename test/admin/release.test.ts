// An address by a person's hand: out of an attachment whose DEL never came, and out of quarantine; and messages to
// actors.

import t from 'tap'
import { ip, key, poolDocument } from '../support/samples.ts'
import { settle } from '../support/manual-clock.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from './admin-socket.ts'

async function opened(t: Parameters<typeof openAdmin>[0]) {
  const pools = [
    poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6']),
    poolDocument('six', 'fd00::/120', ['fd00::2-fd00::6'])
  ]
  const house = await new TestHouse(pools).open()
  const admin = await openAdmin(t, house.house, { clock: house.clock, probe: house.namespaces })
  const release = (body: object) => admin.ask('/v1/release', 'POST', body)
  return { house, ...admin, release }
}

const pod = { namespace: 'default', name: 'web-1' }

t.test('a pod that is gone lets its addresses go', async t => {
  const { house, release, ask } = await opened(t)
  await house.add(key('c1'), { pod })
  house.namespaces.gone.add('/run/netns/c1')
  t.match(await release({ address: 'fd00::2' }), {
    status: 200,
    body: {
      released: ['10.9.0.2', 'fd00::2'],
      ...{ pod: 'default/web-1', holder: 'net1/c1/eth0', forced: false }
    }
  })
  t.same(house.stored(), [])
  t.match((await ask('/v1/why?address=10.9.0.2')).body, { state: 'cooling' })
  t.match(await release({ address: '10.9.0.2' }), {
    status: 409,
    body: { error: /10\.9\.0\.2 is used by no pod of this node: it is cooling/ }
  })
})

t.test('a pod that may live keeps them, unless somebody says why not', async t => {
  const { house, release } = await opened(t)
  await house.add(key('c1'), { pod })
  t.match(await release({ address: '10.9.0.2' }), {
    status: 409,
    body: { error: /is used by default\/web-1, which may live: .*\/run\/netns\/c1 is there/ }
  })
  t.match(await release({ address: '10.9.0.2', forcedBecause: ' ' }), { status: 400 })
  t.equal(house.stored().length, 1)
  t.match(await release({ address: '10.9.0.2', forcedBecause: 'the runtime lost it' }), {
    status: 200,
    body: { released: ['10.9.0.2', 'fd00::2'], forced: true }
  })
  t.same(house.stored(), [])
  t.ok(house.log.some(({ fields }) => /forced: the runtime lost it/.test(String(fields['why']))))
})

t.test('a quarantined address is free again after its cool-down', async t => {
  const { house, release, ask } = await opened(t)
  await house.add(key('c1'))
  const quarantine = { type: 'Quarantine', address: ip('10.9.0.2'), mac: '02:00:00:00:00:01' }
  house.house.actors.tell('subnet/10.9.0.0/29', quarantine)
  await settle()
  const why = () => ask('/v1/why?address=10.9.0.2')
  t.match((await why()).body, { state: 'quarantined', holder: /02:00:00:00:00:01/ })
  t.match(await release({ address: '10.9.0.2' }), { status: 200, body: { released: ['10.9.0.2'] } })
  t.match((await why()).body, { state: 'cooling' })
})

t.test('what is no address of a pod', async t => {
  const { release } = await opened(t)
  t.match(await release({ address: '10.9.0.3' }), { status: 409, body: { error: /it is free/ } })
  t.match(await release({ address: '10.8.0.3' }), { status: 404, body: { error: /no subnet/ } })
  t.match(await release({ address: 'x' }), { status: 400, body: { error: /is no IP address/ } })
})

t.test('an actor is told what it knows, and only with a reason', async t => {
  const { ask } = await opened(t)
  const tell = (body: object) => ask('/v1/tell', 'POST', body)
  const path = 'subnet/10.9.0.0/29'
  t.match(await tell({ path, message: 'DescribeUsage', reason: 'to see' }), {
    status: 200,
    body: { path, answer: { pools: [{ pool: 'blue', total: '5', free: '5' }] } }
  })
  t.match((await tell({ path: 'catalogue', message: 'Reload', reason: 'to see' })).body, {
    told: true
  })
  const rows: [object, number, RegExp][] = [
    [{ path, message: 'DescribeUsage' }, 400, /reason: is missing; must say why/],
    [{ path, message: 'Confirm', reason: 'x' }, 400, /may be DescribeCustody, DescribeUsage, Coo/],
    [{ path: 'nobody', message: 'Reload', reason: 'x' }, 404, /actors are/]
  ]
  for (const [body, status, error] of rows) {
    t.match(await tell(body), { status, body: { error } }, JSON.stringify(body))
  }
})
