// The admin socket: plain HTTP with JSON for people and tools on this node, read-only in this release.

import { createServer, type ServerResponse } from 'node:http'
import type { AllocatorMessage } from '../actors/messages/allocator.ts'
import type { CatalogueMessage } from '../actors/messages/catalogue.ts'
import type { ActorVitals } from '../actors/runtime/actor-system.ts'
import { ask } from '../actors/runtime/ask.ts'
import type { ActorRef } from '../actors/runtime/ref.ts'
import { messageOf } from '../core/error-text.ts'
import type { Clock } from '../ports/clock.ts'
import type { Listen } from '../ports/listen.ts'
import type { Log } from '../ports/log.ts'
import { describeAttachments, describePools } from './views.ts'

/** An actor answers in milliseconds; who waits this long for one is better told that it does not. */
const askTimeoutMs = 5_000

export interface AdminService {
  readonly node: string
  readonly release: string
  readonly clock: Clock
  /** Without a house the node cannot serve, and `why` says why. */
  readonly house:
    | {
        readonly allocator: ActorRef<AllocatorMessage>
        readonly catalogue: ActorRef<CatalogueMessage>
        vitals(): ActorVitals[]
      }
    | { readonly why: string }
}

export interface AdminServer {
  stop(): Promise<void>
}

/** Serve people and tools at `path`. Rejects when nobody can listen there. */
export async function serveAdmin(
  path: string,
  listen: Listen,
  service: AdminService,
  log: Log
): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(request.method ?? '', request.url ?? '', service).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        log.warn({ error, url: request.url }, 'an admin request failed')
        send(response, 503, { error: messageOf(error) })
      }
    )
  })
  await listen(server, path)
  return {
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}

async function answer(
  method: string,
  url: string,
  { house, node, release, clock }: AdminService
): Promise<{ status: number; body: unknown }> {
  if (method !== 'GET') return { status: 405, body: { error: `${method} is not allowed; use GET` } }
  const pathname = URL.parse(url, 'http://admin')?.pathname
  if (pathname === undefined) return { status: 400, body: { error: `${url} is no URL` } }
  if (pathname === '/v1/status') {
    const serving = !('why' in house)
    const why = serving ? {} : { why: house.why }
    return {
      status: 200,
      body: { node, release, serving, ...why, actors: serving ? house.vitals() : [] }
    }
  }
  if ('why' in house) return { status: 503, body: { error: house.why } }
  const timing = { clock, timeoutMs: askTimeoutMs }
  switch (pathname) {
    case '/v1/attachments': {
      const attachments = await ask(house.allocator, { type: 'ListAttachments' }, timing)
      return { status: 200, body: { attachments: describeAttachments(attachments) } }
    }
    case '/v1/pools': {
      const described = await ask(house.catalogue, { type: 'DescribePools' }, timing)
      const usages = await Promise.all(
        [...described.subnets.values()].map(actor => ask(actor, { type: 'DescribeUsage' }, timing))
      )
      return {
        status: 200,
        body: describePools(
          described.set,
          usages.flatMap(({ pools }) => pools)
        )
      }
    }
    default:
      return {
        status: 404,
        body: { error: `${pathname} is none of /v1/status, /v1/pools, /v1/attachments` }
      }
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const allow = status === 405 ? { allow: 'GET' } : {}
  response.writeHead(status, { 'content-type': 'application/json', ...allow })
  response.end(`${JSON.stringify(body)}\n`)
}
