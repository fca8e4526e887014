// A client of the admin socket, for tests of this directory.

import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Server } from 'node:net'
import { serveAdmin } from '../../src/admin/admin-server.ts'
import { socketGate } from '../../src/admin/gate.ts'
import type { AdminService } from '../../src/admin/admin-service.ts'
import { systemClock } from '../../src/host/system-clock.ts'
import { systemRandom } from '../../src/host/system-random.ts'
import { listenAt } from '../../src/host/unix-socket.ts'
import { MemoryChronicle } from '../../src/telemetry/memory-chronicle.ts'
import { DecreedNamespaces } from '../support/test-house.ts'

export interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

export interface AdminSocket {
  readonly socketPath: string
  /** What the server told its log as a complaint. */
  readonly complaints: readonly unknown[]
  readonly chronicle: MemoryChronicle
  ask(path: string, method?: string, body?: string | object): Promise<Answer>
}

type Served = Partial<Pick<AdminService, 'node' | 'clock' | 'probe' | 'pools' | 'elsewhere'>>

/** Serve this house until the test ends. */
export async function openAdmin(
  t: Test,
  house: AdminService['house'],
  { node = 'n1', clock = systemClock, ...rest }: Served = {}
): Promise<AdminSocket> {
  const directory = mkdtempSync(join(tmpdir(), 'orbweaver-admin-'))
  const socketPath = join(directory, 'admin.sock')
  const complaints: unknown[] = []
  const complain = (fields: unknown) => void complaints.push(fields)
  const log = { debug() {}, info() {}, warn: complain, error: complain }
  const probe = rest.probe ?? new DecreedNamespaces()
  const pools = rest.pools ?? { why: 'pools are written nowhere here' }
  const chronicle = new MemoryChronicle({ clock, random: systemRandom, log })
  const service: AdminService = {
    ...{ node, release: '1.2.3', clock, chronicle, house, probe, pools },
    isDiskRefusing: () => false,
    elsewhere: rest.elsewhere,
    metrics: { expose: () => Promise.resolve({ type: 'text/plain', content: 'none 0\n' }) }
  }
  const listen = (server: Server) => listenAt(server, socketPath)
  const server = await serveAdmin({ listen, gate: socketGate(async () => 'uid 0') }, service, log)
  t.teardown(async () => {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  const ask = (path: string, method = 'GET', body: string | object = '') =>
    new Promise<Answer>((resolve, reject) => {
      const asked = request({ socketPath, path, method }, response => {
        let text = ''
        response.on('data', chunk => (text += String(chunk)))
        response.on('end', () => {
          const answer = JSON.parse(text) as Answer['body']
          resolve({ status: response.statusCode, headers: response.headers, body: answer })
        })
      })
      asked.on('error', reject)
      asked.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  return { ask, socketPath, complaints, chronicle }
}
