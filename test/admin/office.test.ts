// A real daemon that people look at: over TCP, with metrics, and an audit log that says who ordered what.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { poolsYaml } from '../support/ipam.ts'
import { canConnect, launchDaemon, startDaemon } from '../support/daemon.ts'

const secret = 'f00d'.repeat(10)

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

const dir = mkdtempSync(join(tmpdir(), 'orbweaver-office-'))
const tokenFile = join(dir, 'token')
writeFileSync(tokenFile, `${secret}\n`, { mode: 0o600 })
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

interface Asked {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

function ask(at: { port: number } | { socketPath: string }, asked: Asked): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', ...at, ...asked }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(`${response.statusCode} ${text}`))
    })
    sent.on('error', reject)
    sent.end()
  })
}

t.test('it is seen over TCP, ordered with the token, and the audit log says who', async t => {
  const port = await freePort()
  const config = { nodeName: 'n1', http: { listen: `127.0.0.1:${port}`, tokenFile } }
  const pools = poolsYaml([{ name: 'blue', subnet: '10.9.0.0/29', ips: ['10.9.0.2-10.9.0.6'] }])
  await using daemon = await startDaemon({ dir, config, pools })
  const { adminSocket: socketPath } = daemon
  t.equal(statSync(socketPath).mode & 0o777, 0o600)
  for (let i = 0; i < 400 && !/HTTP is served/.test(daemon.log()); i += 1) await sleep(25)
  for (let i = 0; i < 400; i += 1) {
    if ((await ask({ port }, { path: '/readyz' })).startsWith('200')) break
    await sleep(25)
  }
  t.match(await ask({ port }, { path: '/metrics' }), /^orbweaver_subnet_serving\{.*\} 1$/m)
  t.match(await ask({ socketPath }, { path: '/healthz' }), /^200/)
  t.match(await ask({ port }, { path: '/v1/drain', method: 'POST' }), /^401/)
  t.match(await ask({ socketPath }, { path: '/v1/drain', method: 'POST' }), /^200/)
  const headers = { authorization: `Bearer ${secret}` }
  t.match(await ask({ port }, { path: '/v1/undrain', method: 'POST', headers }), /^200/)
  t.equal(await daemon.stop(), 0)
  const lines = readFileSync(join(dir, 'state/audit/audit.jsonl'), 'utf8').trimEnd().split('\n')
  const orders = lines
    .map(line => JSON.parse(line) as { type: string; order: string; by: string; on: string })
    .filter(({ type }) => type === 'OrderGiven')
  t.match(orders, [
    { on: 'n1', order: '/v1/drain', by: new RegExp(`^uid 0,.* process ${process.pid}$`) },
    { on: 'n1', order: '/v1/undrain', by: 'token' }
  ])
  t.notMatch(daemon.log() + lines.join(''), secret)
})

t.test('a token that others may read is refused at the start', async t => {
  chmodSync(tokenFile, 0o644)
  const config = { http: { listen: `127.0.0.1:${await freePort()}`, tokenFile } }
  await using daemon = launchDaemon({ dir, config })
  await once(daemon.process, 'exit')
  t.equal(daemon.process.exitCode, 1)
  t.match(daemon.log(), /token: has mode 0644, but others may not touch it: chmod 0600/)
  t.notOk(await canConnect(daemon.adminSocket))
})
