// A node that is looked at through the mesh: what members see, what they may not, and how much of it there is.

import t from 'tap'
import type { OpenService } from '../../src/admin/admin-service.ts'
import type { Answer } from '../../src/admin/answer.ts'
import { answerLook } from '../../src/admin/look-answer.ts'
import { type Look, Looks } from '../../src/admin/looks.ts'
import { routes } from '../../src/admin/routes.ts'
import { systemRandom } from '../../src/host/system-random.ts'
import { MemoryChronicle } from '../../src/telemetry/memory-chronicle.ts'
import { key } from '../support/samples.ts'
import { TestHouse } from '../support/test-house.ts'
import { openAdmin } from './admin-socket.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** A node whose own peer id is the only member's: whoever asks under it is one. */
async function opened() {
  const house = await new TestHouse().open()
  const service: OpenService = {
    ...{ node: 'node-1', release: '1.2.3', clock: house.clock, house: house.house },
    ...{ probe: house.namespaces, pools: { why: 'nowhere' }, isDiskRefusing: () => false },
    chronicle: new MemoryChronicle({ clock: house.clock, random: systemRandom, log: silent }),
    metrics: { expose: () => Promise.reject(new Error('nobody scrapes')) }
  }
  const answering = new Looks({ clock: house.clock, ask: () => Promise.reject(new Error('deaf')) })
  answering.serve((peer, look) => answerLook(service, peer, look))
  const asking = (as: string) =>
    new Looks({ clock: house.clock, ask: (_peer, question) => answering.answer(as, question) })
  const look = (path: string, as = 'peer-1', more: Partial<Look> = {}) =>
    asking(as).ask('node-1', 'peer-1', { method: 'GET', path, ...more })
  const next = () => house.clock.advance(1_000)
  return { house, service, answering, look, next }
}

t.test('a member sees what changes nothing', async t => {
  const { house, look } = await opened()
  await house.add(key('c1'))
  t.match(await look('/v1/status'), { status: 200, body: { node: 'node-1', serving: true } })
  t.match(await look('/v1/addresses?state=used'), {
    status: 200,
    body: { addresses: [{ first: '10.9.0.2', holder: 'net1/c1/eth0' }] }
  })
  t.match(await look('/v1/explain', 'peer-1', { method: 'POST', body: { pod: 'web-1' } }), {
    status: 200,
    body: { levels: [{ level: 'Default' }] }
  })
})

t.test('nobody gives orders through the mesh, and messages are not shown', async t => {
  const { look, next } = await opened()
  const hidden = [...routes].filter(
    ([path, { method }]) =>
      ['/v1/inspect', '/v1/trace', '/v1/elsewhere'].includes(path) ||
      (method === 'POST' && path !== '/v1/explain')
  )
  t.ok(hidden.length > 10)
  for (const [path, { method }] of hidden) {
    next()
    const body = { address: '10.9.0.2', forcedBecause: 'x', node: 'node-1', vouchedBy: 'x' }
    t.match(await look(path, 'peer-1', { method, body }), {
      status: 409,
      body: { error: /is answered on node-1 itself, not through the mesh/ }
    })
  }
})

t.test('who is no member sees nothing', async t => {
  const { look } = await opened()
  t.match(await look('/v1/status', 'peer-9'), {
    status: 409,
    body: { error: 'who asks is no member of this cluster' }
  })
})

t.test('paths that are none', async t => {
  const { look, next } = await opened()
  for (const path of ['/', '/v1/nothing', 'http://[', '//', '/v1/../v1/drain']) {
    next()
    t.match((await look(path)).status, /404|409/, path)
  }
  next()
  t.match(await look('/v1/explain'), { status: 405 })
  t.match(await look('/v1/addresses?limit=x'), { status: 400, body: { error: /limit/ } })
})

t.test('too much of it', async t => {
  const { look, next, answering, service } = await opened()
  const many = await Promise.all(Array.from({ length: 8 }, () => look('/v1/status')))
  t.same(
    many.map(({ status }) => status),
    [200, 200, 200, 200, 503, 503, 503, 503],
    'at once'
  )
  next()
  const row: number[] = []
  for (let i = 0; i < 12; i += 1) row.push((await look('/v1/status')).status)
  t.same(row.slice(9), [200, 503, 503], 'in a second')
  t.match(await look('/v1/status', 'peer-9'), { status: 409 }, 'of one member')
  next()
  t.match(await look(`/v1/why?address=${'x'.repeat(20_000)}`), {
    status: 400,
    body: { error: /longer than 16384 bytes/ }
  })
  answering.serve(async () => ({ status: 200, body: { long: 'x'.repeat(600_000) } }))
  t.match(await look('/v1/status'), { status: 400, body: { error: /ask for less of it/ } })
  answering.serve((peer, asked) => answerLook(service, peer, asked))
  t.match(await look('/v1/status'), { status: 200 }, 'and all is well afterwards')
})

t.test('what is no question is no answer, either', async t => {
  const { answering, next } = await opened()
  const rows = [
    ...['', '{', '[]', 'null', '{"v":1}', '{"v":2,"method":"GET","path":"/v1/status"}'],
    '{"v":1,"method":"PUT","path":"/v1/status"}',
    '{"v":1,"method":"GET","path":"/v1/status","body":[]}'
  ]
  for (const text of rows) {
    next()
    await t.rejects(answering.answer('peer-1', Buffer.from(text)), text)
  }
  await t.rejects(answering.answer('peer-1', Uint8Array.of(0xff, 0xfe)))
})

t.test('an answer that is none', async t => {
  const { service } = await opened()
  const rows = ['', '[]', '{"v":1,"status":99}', '{"v":1,"status":"200"}', '{"v":3,"status":200}']
  for (const text of rows) {
    const looks = new Looks({ clock: service.clock, ask: async () => Buffer.from(text) })
    t.match(await looks.ask('n2', 'peer-2', { method: 'GET', path: '/v1/status' }), {
      status: 503,
      body: { error: /n2 does not answer through the mesh/ }
    })
  }
})

t.test('asked at the socket of another node', async t => {
  const { house, service } = await opened()
  const asked: [string, Look][] = []
  const elsewhere = {
    serve: () => {},
    ask: (_node: string, peer: string, look: Look): Promise<Answer> => {
      asked.push([peer, look])
      return Promise.resolve({ status: 404, body: { error: 'not there' } })
    }
  }
  const { ask } = await openAdmin(t, house.house, { clock: service.clock, elsewhere })
  const body = { node: 'node-1', path: '/v1/why?address=10.9.0.9' }
  t.match(await ask('/v1/elsewhere', 'POST', body), { status: 404, body: { error: 'not there' } })
  t.match(asked, [['peer-1', { method: 'GET', path: body.path }]])
  const rows: [object, number, RegExp][] = [
    [{ node: 'n7', path: '/v1/status' }, 404, /no member is called n7/],
    [{ path: '/v1/status' }, 400, /one is missing/],
    [{ ...body, method: 'PUT' }, 400, /method: must be GET or POST/],
    [{ ...body, body: [] }, 400, /body: must be an object/],
    [{ ...body, who: 'me' }, 400, /who: unknown key/]
  ]
  for (const [wrong, status, error] of rows) {
    t.match(await ask('/v1/elsewhere', 'POST', wrong), { status, body: { error } }, String(error))
  }
  const alone = await openAdmin(t, house.house, { clock: service.clock })
  t.match(await alone.ask('/v1/elsewhere', 'POST', body), {
    status: 409,
    body: { error: /this node is alone/ }
  })
})
