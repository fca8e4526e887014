// The admin socket from a client's side: what it shows, and what it says to requests that cannot be served.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type AdminService, serveAdmin } from '../../src/admin/admin-server.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { listenAt } from '../../src/host/unix-socket.ts'
import { key, poolDocument } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'

const complaints: unknown[] = []
const log = {
  debug() {},
  info() {},
  warn: (fields: unknown) => void complaints.push(fields),
  error: (fields: unknown) => void complaints.push(fields)
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

async function serve(house: AdminService['house']) {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-admin-'))
  const socketPath = join(directory, 'admin.sock')
  const service = { node: 'n1', release: '1.2.3', clock: systemClock, house }
  const server = await serveAdmin(socketPath, listenAt, service, log)
  t.teardown(async () => {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  const ask = (path: string, method = 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      const asked = request({ socketPath, path, method }, response => {
        let text = ''
        response.on('data', chunk => (text += String(chunk)))
        response.on('end', () => {
          const body = JSON.parse(text) as Answer['body']
          resolve({ status: response.statusCode, headers: response.headers, body })
        })
      })
      asked.on('error', reject)
      asked.end()
    })
  return { ask, socketPath }
}

t.test('what is shown', async t => {
  const house = await new TestHouse([
    poolDocument('blue', '10.9.0.0/29', ['10.9.0.2-10.9.0.6'], { gateway: '10.9.0.1' }),
    poolDocument('wide', 'fd00::/64', ['fd00::1-fd00::ffff:ffff:ffff:ffff'])
  ]).open()
  await house.add(key('c1'))
  const { ask, socketPath } = await serve(house.house)
  t.equal(statSync(socketPath).mode & 0o777, 0o600, 'for root alone')
  t.match(await ask('/v1/status'), {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { node: 'n1', release: '1.2.3', serving: true, actors: Array }
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
})

t.test('a node that cannot serve says why', async t => {
  const { ask } = await serve({ why: 'the database is damaged' })
  t.match(await ask('/v1/status'), {
    status: 200,
    body: { serving: false, why: 'the database is damaged' }
  })
  t.match(await ask('/v1/pools'), { status: 503, body: { error: 'the database is damaged' } })
})

t.test('a request that cannot be served is the mistake of whoever sent it', async t => {
  const { ask } = await serve((await new TestHouse().open()).house)
  const rows: [string, string, number, RegExp][] = [
    ['GET', '//', 400, /is no URL/],
    ['GET', 'http://[', 400, /is no URL/],
    ['GET', '/v1/nothing', 404, /\/v1\/nothing is none of .*\/v1\/pools/],
    ['GET', '/', 404, /none of/],
    ['POST', '/v1/status', 405, /POST is not allowed; use GET/],
    ['DELETE', '//', 405, /use GET/]
  ]
  for (const [method, path, status, error] of rows) {
    const answer = await ask(path, method)
    t.match(answer, { status, body: { error } }, `${method} ${path}`)
    t.equal(answer.headers.allow, status === 405 ? 'GET' : undefined, `${method} ${path}`)
  }
  t.same(complaints, [], 'and no matter for the log')
})
