// What was noted, as people and tools read it: once as JSON, or as a stream that goes on where it was broken off.

import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import t, { type Test } from 'tap'
import type { ToldEvent } from '../../src/core/event.ts'
import { followersMax } from '../../src/telemetry/memory-chronicle.ts'
import { ip, key } from '../support/samples.ts'
import { openAdmin } from './admin-socket.ts'

const pod = { namespace: 'shop', name: 'web-0' }
const given: ToldEvent = {
  ...{ type: 'Allocated', key: key('c1'), pod },
  addresses: [{ address: ip('10.9.0.2'), pool: 'blue' }]
}
const released: ToldEvent = {
  ...{ type: 'Released', key: key('c1'), pod, cause: 'DEL' },
  addresses: [{ address: ip('10.9.0.2'), pool: 'blue' }]
}
const moved: ToldEvent = {
  ...{ type: 'LeaseReceived', subnet: '10.9.0.0/24', from: { member: 2, node: 'n2' } },
  runs: [
    {
      ...{ start: ip('10.9.0.0'), end: ip('10.9.0.8') },
      register: { fence: 3, seq: 1, owner: 1, writer: 2, wctr: 4, tail: '' }
    }
  ]
}
const gone: ToldEvent = { type: 'MemberUnreachable', member: 2, node: 'n2' }

class Stream {
  readonly headers: IncomingMessage['headers']
  readonly #response: IncomingMessage
  readonly #request: ClientRequest
  text = ''

  constructor(asked: ClientRequest, response: IncomingMessage) {
    this.#request = asked
    this.#response = response
    this.headers = response.headers
    response.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk))
    response.on('error', () => {})
  }

  get status(): number | undefined {
    return this.#response.statusCode
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) {
      await new Promise(resolve => this.#response.once('data', resolve))
    }
    return this.text
  }

  get types(): unknown[] {
    return [...this.text.matchAll(/^data: (.*)$/gm)].map(
      ([, data = '']) => (JSON.parse(data) as { type: string }).type
    )
  }

  close(): void {
    this.#request.destroy()
  }
}

function follow(t: Test, socketPath: string, path: string, lastId?: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const headers = {
      accept: 'text/event-stream',
      ...(lastId !== undefined && { 'last-event-id': lastId })
    }
    const asked = request({ socketPath, path, headers }, response => {
      resolve(new Stream(asked, response))
    })
    t.teardown(() => asked.destroy())
    asked.on('error', reject)
    asked.end()
  })
}

async function opened(t: Test) {
  return openAdmin(t, { why: 'it is not needed' })
}

t.test('events as JSON, also of a node that cannot serve', async t => {
  const { ask, chronicle } = await opened(t)
  for (const event of [given, moved, gone, released]) chronicle.note(event)
  const types = async (query: string) =>
    ((await ask(`/v1/events${query}`)).body['events'] as { type: string }[]).map(one => one.type)
  t.match((await ask('/v1/events')).body, {
    node: 'n1',
    next: /^[0-9a-f]{8}-4$/,
    events: [
      {
        ...{ seq: 1, at: /^\d{4}-.*Z$/, type: 'Allocated', key: 'net1/c1/eth0', pod },
        addresses: [{ address: '10.9.0.2', pool: 'blue' }],
        text: '10.9.0.2 (blue) given to shop/web-0 (net1/c1/eth0)'
      },
      {
        type: 'LeaseReceived',
        runs: [{ range: '10.9.0.0-10.9.0.7', key: '3.1' }],
        text: '10.9.0.0-10.9.0.7 (3.1) received from n2'
      },
      { text: 'n2 cannot be reached' },
      { text: /^10\.9\.0\.2 \(blue\) released by shop\/web-0 .*: DEL$/ }
    ]
  })
  const all = ['Allocated', 'LeaseReceived', 'MemberUnreachable', 'Released']
  const rows: [string, string[]][] = [
    ['', all],
    ['?last=2', all.slice(2)],
    ['?last=0', []],
    ['?type=Allocated,Released', ['Allocated', 'Released']],
    ['?type=Allocated&type=MemberUnreachable', ['Allocated', 'MemberUnreachable']],
    ['?address=10.9.0.2', ['Allocated', 'LeaseReceived', 'Released']],
    ['?address=10.9.0.9', []],
    ['?pool=blue', ['Allocated', 'Released']],
    ['?pod=shop/web-0', ['Allocated', 'Released']],
    ['?pod=web-0&type=Released', ['Released']],
    [`?after=${chronicle.session}-2`, all.slice(2)],
    ['?after=00000000-2', all]
  ]
  for (const [query, expected] of rows) t.same(await types(query), expected, query)
  const bad: [string, RegExp][] = [
    ['?type=Nothing', /type: Nothing is none of Allocated/],
    ['?address=here', /here is no IP address/],
    ['?last=-1', /no number/],
    ['?limit=3', /limit: unknown key/]
  ]
  for (const [query, error] of bad) {
    t.match(await ask(`/v1/events${query}`), { status: 400, body: { error } }, query)
  }
})

t.test('a stream tells what comes', async t => {
  const { socketPath, chronicle } = await opened(t)
  chronicle.note(given)
  const stream = await follow(t, socketPath, '/v1/events')
  t.match(stream.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  await stream.until(/^retry: \d+$/m)
  chronicle.note(moved)
  chronicle.note(released)
  await stream.until(/Released/)
  t.same(stream.types, ['LeaseReceived', 'Released'], 'and nothing of the past')
  t.match(stream.text, new RegExp(`^id: ${chronicle.session}-3$`, 'm'))
})

t.test('as much of the past as is asked for, and only what is asked for', async t => {
  const { socketPath, chronicle } = await opened(t)
  for (const event of [given, gone, released]) chronicle.note(event)
  const stream = await follow(t, socketPath, '/v1/events?last=1&pool=blue')
  await stream.until(/Released/)
  chronicle.note(gone)
  chronicle.note(given)
  await stream.until(/Allocated/)
  t.same(stream.types, ['Released', 'Allocated'])
})

t.test('a client that comes back misses nothing', async t => {
  const { socketPath, chronicle } = await opened(t)
  for (const event of [given, moved, released]) chronicle.note(event)
  const again = await follow(t, socketPath, '/v1/events', `${chronicle.session}-1`)
  await again.until(/Released/)
  t.same(again.types, ['LeaseReceived', 'Released'])
  const later = await follow(t, socketPath, '/v1/events', '00000000-99')
  await later.until(/Released/)
  t.same(later.types, ['Allocated', 'LeaseReceived', 'Released'], 'of another process: all of it')
})

t.test('followers are counted, and those that leave make room', async t => {
  const { socketPath, chronicle } = await opened(t)
  const streams = await Promise.all(
    Array.from({ length: followersMax }, () => follow(t, socketPath, '/v1/events'))
  )
  t.ok(streams.every(({ status }) => status === 200))
  const refused = await follow(t, socketPath, '/v1/events')
  t.equal(refused.status, 503)
  streams[0]?.close()
  for (;;) {
    const follower = chronicle.follow(() => {})
    follower?.end()
    if (follower !== undefined) break
    await new Promise(resolve => setImmediate(resolve))
  }
  t.equal((await follow(t, socketPath, '/v1/events')).status, 200)
})

t.test('who reads nothing is sent away, and nobody else notices', async t => {
  const { socketPath, chronicle } = await opened(t)
  const slow = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { accept: 'text/event-stream' }
    const asked = request({ socketPath, path: '/v1/events', headers }, resolve)
    asked.on('error', reject)
    asked.end()
  })
  slow.pause()
  const quick = await follow(t, socketPath, '/v1/events')
  const why = 'x'.repeat(8_192)
  // Each round is gathered into one write; the quick one proves that it was made.
  for (let round = 0; round < 20; round += 1) {
    for (let i = 0; i < 8; i += 1) chronicle.note({ type: 'IncarnationEnded', why })
    chronicle.note({ type: 'PoolChanged', pool: `round-${round}`, change: 'Added' })
    await quick.until(new RegExp(`round-${round}"`))
  }
  let text = ''
  slow.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await new Promise(resolve => slow.once('close', resolve).resume())
  t.match(text, /: too slow/)
  t.notMatch(text, /round-19/)
  quick.close()
})

t.test('readiness is refused with reasons', async t => {
  const { ask } = await opened(t)
  t.match(await ask('/healthz'), { status: 200, body: { alive: true } })
  t.match(await ask('/readyz'), { status: 503, body: { ready: false, why: ['it is not needed'] } })
})
