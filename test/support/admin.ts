// What the daemon says over its admin socket.

import { request } from 'node:http'
import type { Daemon } from './daemon.ts'

export interface ShownAttachment {
  readonly network: string
  readonly containerId: string
  readonly ifname: string
  readonly pod?: { readonly namespace?: string; readonly name?: string; readonly uid?: string }
  readonly addresses: readonly { readonly address: string; readonly pool: string }[]
}

/** Counts are strings where a number could not hold them: a /64 is larger than that. */
export interface ShownPool {
  readonly name: string
  readonly subnet: string
  readonly total: number | string
  readonly used: number | string
  readonly cooling: number | string
  readonly free: number | string
}

type Admin = Pick<Daemon, 'adminSocket'>

export async function attachmentsOf(daemon: Admin): Promise<readonly ShownAttachment[]> {
  const { attachments } = (await get(daemon, '/v1/attachments')) as {
    attachments: ShownAttachment[]
  }
  return attachments
}

export async function poolsOf(daemon: Admin): Promise<readonly ShownPool[]> {
  const { pools } = (await get(daemon, '/v1/pools')) as { pools: ShownPool[] }
  return pools
}

/** Every allocated address, in no order. */
export async function allocatedBy(daemon: Admin): Promise<readonly string[]> {
  const attachments = await attachmentsOf(daemon)
  return attachments.flatMap(({ addresses }) => addresses.map(({ address }) => address))
}

function get(daemon: Admin, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: daemon.adminSocket, path, timeout: 30_000 }, answer => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (body += chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(JSON.parse(body))
        else reject(new Error(`GET ${path}: ${answer.statusCode} ${body}`))
      })
    })
    asked.on('timeout', () => asked.destroy(new Error(`GET ${path}: no answer`)))
    asked.on('error', reject)
    asked.end()
  })
}
