// The admin socket from a client's side: what it shows, and what it says to requests that cannot be served.

import { statSync } from 'node:fs'
import t from 'tap'
import { key, poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from './admin-socket.ts'

t.test('what is shown', async t => {
  const house = await new TestHouse([
    poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'], { gateway: '10.9.0.1' }),
    poolDocument('wide', 'fd00::/64', ['fd00::1-fd00::ffff:ffff:ffff:ffff'])
  ]).open()
  await house.add(key('c1'))
  const { ask, socketPath } = await openAdmin(t, house.house)
  t.equal(statSync(socketPath).mode & 0o777, 0o600, 'for root alone')
  t.match(await ask('/v1/status'), {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: {
      ...{ node: 'n1', release: '1.2.3', serving: true, draining: false },
      ...{ notServing: [], actors: Array }
    }
  })
  t.match((await ask('/v1/pools?pretty')).body, {
    pools: [
      { name: 'blue', subnet: '10.9.0.0/29', gateway: '10.9.0.1', total: 5, used: 1, free: 4 },
      { name: 'wide', total: '18446744073709551615', used: 1, free: '18446744073709551614' }
    ],
    problems: []
  })
  t.match((await ask('/v1/attachments')).body, {
    attachments: [
      {
        ...key('c1'),
        netns: '/run/netns/c1',
        addresses: [{ address: /^10\.9\.0\./, prefix: 29, pool: 'blue', gateway: '10.9.0.1' }, {}]
      }
    ]
  })
  t.match((await ask('/v1/blocks')).body, {
    domains: [
      {
        ...{ domain: '10.9.0.0/29', serving: true, contested: [], openGrants: 0, waitsFor: [] },
        blocks: [{ first: '10.9.0.0', last: '10.9.0.7', count: 8, owner: 'node-1', mine: true }]
      },
      { domain: 'fd00::/64', blocks: [{ count: '18446744073709551616', key: /^\d+\.0$/ }] }
    ]
  })
  t.match((await ask('/v1/peers')).body, {
    ...{ cluster: /^[0-9a-f]{32}$/, node: 'n1', index: 1, incarnation: /^[0-9a-f]{32}$/ },
    peers: []
  })
  const { body } = await ask('/v1/registry')
  t.match(body, {
    head: 4,
    hash: /^[0-9a-f]{64}$/,
    records: [
      { index: 1, type: 'Genesis', author: 'node-1' },
      { index: 2, type: 'Join', members: [{ node: 'node-1', peer: 'peer-1' }] },
      { index: 3, type: 'RangeAdd', domain: '10.9.0.0/29' },
      { index: 4, type: 'RangeAdd', domain: 'fd00::/64' }
    ]
  })
  t.notOk('trouble' in body)
})

t.test('a node that cannot serve says why', async t => {
  const { ask } = await openAdmin(t, { why: 'the database is damaged' })
  t.match(await ask('/v1/status'), {
    status: 200,
    body: { serving: false, why: 'the database is damaged' }
  })
  for (const path of ['/v1/pools', '/v1/blocks', '/v1/peers', '/v1/registry']) {
    t.match(await ask(path), { status: 503, body: { error: 'the database is damaged' } }, path)
  }
  t.match(await ask('/v1/drain', 'POST'), { status: 503, body: { error: /damaged/ } })
})

t.test('actors that are gone', async t => {
  const { house } = await new TestHouse().open()
  await house.stop()
  const { ask, complaints } = await openAdmin(t, house)
  const { status, body } = await ask('/v1/status')
  t.match({ status, body }, { status: 200, body: { serving: true } })
  t.notOk('draining' in body, 'what is not known is not told')
  t.match(await ask('/v1/blocks'), { status: 503, body: { error: /no answer from actor/ } })
  t.equal(complaints.length, 1, 'a matter for the log')
})

t.test('a request that cannot be served is the mistake of whoever sent it', async t => {
  const { ask, complaints } = await openAdmin(t, (await new TestHouse().open()).house)
  const rows: [string, string, number, RegExp, string?][] = [
    ['GET', '//', 400, /is no URL/],
    ['GET', 'http://[', 400, /is no URL/],
    ['GET', '/v1/nothing', 404, /\/v1\/nothing is none of .*\/v1\/pools.*\/v1\/transfer/],
    ['GET', '/v1', 404, /none of/],
    ['POST', '/v1/status', 405, /POST is not allowed; use GET/, 'GET'],
    ['GET', '/v1/drain', 405, /GET is not allowed; use POST/, 'POST'],
    ['DELETE', '/v1/remove', 405, /use POST/, 'POST']
  ]
  for (const [method, path, status, error, allow] of rows) {
    const answer = await ask(path, method)
    t.match(answer, { status, body: { error } }, `${method} ${path}`)
    t.equal(answer.headers.allow, allow, `${method} ${path}`)
  }
  const bodies: [string, string | object, RegExp][] = [
    ['/v1/remove', '{', /the body is no JSON/],
    ['/v1/remove', '[]', /no JSON object/],
    ['/v1/remove', 'null', /no JSON object/],
    ['/v1/remove', '', /node: is missing; must be the name of the node/],
    ['/v1/remove', { node: '  ', vouchedBy: 'eve' }, /node: "" must be the name/],
    ['/v1/remove', { node: 7 }, /node: 7 must be/],
    ['/v1/remove', { node: 'n2', force: true }, /force: unknown key; known are node, vouchedBy/],
    ['/v1/remove', { problem: 'n2' }, /problem: unknown key/],
    ['/v1/remove', { node: 'n2', vouchedBy: 7 }, /vouchedBy: 7 must be/],
    ['/v1/drain', { node: 'n2' }, /node: unknown key/],
    ['/v1/resolve', { address: '10.9.0.3' }, /owner: is missing/],
    ['/v1/resolve', { address: 'here', owner: 'n1' }, /here is no IP address/],
    ['/v1/drain-range', {}, /range: is missing; must be like/],
    ['/v1/keep-range', { range: '10.9.0.9-10.9.0.3' }, /ends before it starts/],
    ['/v1/transfer', {}, /address: is missing; must be an IP address/],
    ['/v1/transfer', { address: '10.9.0.3/29' }, /is no IP address/]
  ]
  for (const [path, body, error] of bodies) {
    t.match(await ask(path, 'POST', body), { status: 400, body: { error } }, String(error))
  }
  t.same(complaints, [], 'and no matter for the log')
})

t.test('a body is read to its limit and no further', async t => {
  const { ask } = await openAdmin(t, (await new TestHouse().open()).house)
  const sized = (bytes: number) => `{"address":"${'x'.repeat(bytes - 14)}"}`
  t.match(await ask('/v1/transfer', 'POST', sized(4_096)), {
    status: 400,
    body: { error: /no IP address/ }
  })
  t.match(await ask('/v1/transfer', 'POST', sized(4_097)), {
    status: 400,
    headers: { connection: 'close' },
    body: { error: /more than 4096 bytes/ }
  })
})
