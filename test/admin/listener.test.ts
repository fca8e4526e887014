// HTTP over TCP: who may do what, and what becomes of requests that are no good.

import { createServer, connect, type Server } from 'node:net'
import { request } from 'node:http'
import t, { type Test } from 'tap'
import { serveAdmin } from '../../src/admin/admin-server.ts'
import type { AdminService } from '../../src/admin/admin-service.ts'
import { tcpGate } from '../../src/admin/gate.ts'
import { parseToken, type Token } from '../../src/admin/token.ts'
import { listenTcp } from '../../src/host/tcp-socket.ts'
import { systemClock as clock } from '../../src/host/system-clock.ts'
import { systemRandom as random } from '../../src/host/system-random.ts'
import { MemoryChronicle } from '../../src/telemetry/memory-chronicle.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { key } from '../support/samples.ts'
import { DecreedNamespaces, TestHouse } from '../support/test-house.ts'

const secret = '0123456789abcdef0123456789abcdef'
const known = parseToken(secret) as Token
const log = { debug() {}, info() {}, warn() {}, error() {} }

async function opened(t: Test, token?: Token) {
  const gateClock = new ManualClock()
  const { house } = await new TestHouse().open()
  const chronicle = new MemoryChronicle({ clock, random, log })
  const service: AdminService = {
    ...{ node: 'n1', release: '1.2.3', clock, chronicle, house },
    probe: new DecreedNamespaces(),
    pools: { why: 'they are written nowhere here' },
    isDiskRefusing: () => false,
    metrics: { expose: accept => Promise.resolve({ type: 'text/plain', content: accept }) }
  }
  const listening = Promise.withResolvers<number>()
  const server = await serveAdmin(
    {
      gate: tcpGate({ clock: gateClock, hosts: ['n1.example'], token }),
      listen: (server: Server) => {
        server.once('listening', () => {
          const at = server.address()
          listening.resolve(typeof at === 'object' ? (at?.port ?? 0) : 0)
        })
        listenTcp(server, { host: '127.0.0.1', port: 0 }, clock, log)
      }
    },
    service,
    log
  )
  const port = await listening.promise
  t.teardown(() => server.stop())
  const ask = (path: string, options: { method?: string; headers?: Record<string, string> } = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
      (resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, path, ...options }, response => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
          })
        })
        asked.on('error', reject)
        asked.end()
      }
    )
  /** What comes back for these bytes, until the other end closes. */
  const send = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port })
      let text = ''
      socket.setEncoding('utf8').on('data', chunk => (text += String(chunk)))
      socket.on('close', () => resolve(text))
      socket.on('error', reject)
      socket.write(bytes)
    })
  return { ask, send, port, chronicle, gateClock }
}

t.test('anybody may read, nobody may order without the token', async t => {
  const { ask, chronicle } = await opened(t, known)
  t.match(await ask('/v1/pools'), { status: 200, text: /"blue"/ })
  t.match(await ask('/v1/drain', { method: 'POST' }), {
    status: 401,
    headers: { 'www-authenticate': 'Bearer', connection: 'close' },
    text: /needs the token of http\.tokenFile/
  })
  const rows: [string, number][] = [
    [`Bearer ${secret}`, 200],
    [`bearer  ${secret}`, 200],
    [`Bearer ${secret}0`, 401],
    ['Bearer', 401],
    [`Basic ${secret}`, 401],
    [secret, 401]
  ]
  for (const [authorization, status] of rows) {
    const headers = { authorization }
    t.match(await ask('/v1/drain', { method: 'POST', headers }), { status }, authorization)
    t.match(await ask('/v1/pools', { headers }), { status }, `${authorization}, to read`)
  }
  const orders = chronicle.after(0).entries.map(({ event }) => event)
  t.match(orders, [{ type: 'OrderGiven', order: '/v1/drain', status: 200, by: 'token' }, {}])
  t.equal(orders.length, 2)
  t.notMatch(JSON.stringify(orders), secret)
})

t.test('what goes on inside is shown only to who may order', async t => {
  const { ask } = await opened(t, known)
  const headers = { authorization: `Bearer ${secret}` }
  for (const path of ['/v1/inspect?path=allocator', '/v1/trace?path=allocator']) {
    t.match(await ask(path), { status: 401 }, path)
    t.match(await ask(path, { headers }), { status: 200 }, path)
  }
})

t.test('who asks too much is told to wait', async t => {
  const { ask, gateClock } = await opened(t)
  for (let i = 0; i < 300; i += 1) await ask('/v1/status')
  t.match(await ask('/v1/status'), { status: 429, text: /wait a second/ })
  t.match(await ask('/healthz'), { status: 200 }, 'but not who would restart it')
  gateClock.advance(1_000)
  t.match(await ask('/v1/status'), { status: 200 })
})

t.test('without a token file nobody orders anything', async t => {
  const { ask } = await opened(t)
  const headers = { authorization: `Bearer ${secret}` }
  t.match(await ask('/v1/drain', { method: 'POST', headers }), { status: 401 })
})

t.test('a page of somebody else reads nothing under its own name, and orders nothing', async t => {
  const { ask } = await opened(t, known)
  const names: [string, number][] = [
    ['evil.example', 421],
    ['evil.example:5711', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost:5711', 200],
    ['10.0.0.1', 200],
    ['[::1]:5711', 200],
    ['N1.example:1', 200]
  ]
  for (const [host, status] of names) {
    t.match(await ask('/v1/pools', { headers: { host } }), { status }, host)
  }
  const headers = { authorization: `Bearer ${secret}`, origin: 'http://evil.example' }
  t.match(await ask('/v1/drain', { method: 'POST', headers }), { status: 403, text: /evil/ })
  const { headers: shown } = await ask('/v1/pools')
  t.match(shown, {
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-security-policy': /default-src 'none'/
  })
  t.notOk('access-control-allow-origin' in shown)
})

t.test('a token that is none', async t => {
  for (const text of ['', 'short', `${secret} ${secret}`, `${secret}\n${secret}`]) {
    t.match(parseToken(text), { problem: /at least 32 characters/ }, text)
  }
  t.ok((parseToken(`${secret}\n`) as Token).matches(secret))
})

t.test('requests have an end', async t => {
  const { send } = await opened(t)
  t.match(
    await send(`GET /v1/pools HTTP/1.1\r\nHost: 1.1.1.1\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`),
    /431/
  )
  t.match(await send('nonsense\r\n\r\n'), /400 Bad Request/)
  t.match(await send('GET /v1/pools HTTP/1.1\r\n\r\n'), /400 Bad Request/, 'without a host')
  t.match(
    await send('GET /v1/pools HTTP/1.1\r\nHost: 1.1.1.1\r\nContent-Length: 999999\r\n\r\n'),
    /200 OK[^]*connection: close/i,
    'a body that nobody asked for is not waited for'
  )
})

t.test('a place that is taken is tried again', async t => {
  const other = createServer()
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  let retry = () => {}
  let retries = 0
  const complaints: string[] = []
  const later = {
    ...clock,
    after: (_ms: number, action: () => void) => {
      retry = action
      retries += 1
      return () => {}
    }
  }
  const server = createServer()
  const complained = Promise.withResolvers<void>()
  const complain = (_fields: unknown, what: string) => {
    complaints.push(what)
    complained.resolve()
  }
  listenTcp(server, { host: '127.0.0.1', port }, later, { ...log, error: complain })
  await complained.promise
  t.match(complaints, [/tried again/])
  await new Promise(resolve => other.close(resolve))
  const listening = new Promise(resolve => server.once('listening', resolve))
  retry()
  await listening
  server.emit('error', new Error('accept EMFILE'))
  t.equal(retries, 1, 'what listens does not listen anew')
  server.close()
})

t.test('HEAD is answered as GET is, without content', async t => {
  const { ask } = await opened(t)
  const headers = { accept: 'text/event-stream' }
  for (const path of ['/healthz', '/v1/pools', '/v1/events']) {
    t.match(await ask(path, { method: 'HEAD', headers }), { status: 200, text: /^$/ }, path)
  }
  t.match(await ask('/v1/drain', { method: 'HEAD' }), { status: 405, headers: { allow: 'POST' } })
})

t.test('what lives and what is ready', async t => {
  const { ask } = await opened(t)
  t.match(await ask('/healthz'), { status: 200, text: /"alive":true/ })
  t.match(await ask('/readyz'), { status: 200, text: /"ready":true/ })
})

t.test('metrics are text of their own type', async t => {
  const { ask } = await opened(t)
  t.match(await ask('/metrics', { headers: { accept: 'application/openmetrics-text' } }), {
    ...{ status: 200, headers: { 'content-type': 'text/plain' } },
    text: 'application/openmetrics-text'
  })
})

t.test('readers of events', async t => {
  const { ask, chronicle } = await opened(t)
  chronicle.note({
    ...{ type: 'Refused', key: key('c1'), pod: {}, reason: 'PoolExhausted' },
    ...{ pools: ['blue'], addresses: [] }
  })
  t.match(await ask('/v1/events'), { status: 200, text: /refused: PoolExhausted \(blue\)/ })
})
