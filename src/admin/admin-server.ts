// The admin socket: plain HTTP with JSON for people and tools on this node, and for whoever operates the cluster.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../core/error-text.ts'
import type { Json } from '../core/fields.ts'
import type { Listen } from '../ports/listen.ts'
import type { Log } from '../ports/log.ts'
import type { AdminService, OpenService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import { drainNode, undrainNode } from './drain.ts'
import { createServer } from './http.ts'
import { reportMap } from './map.ts'
import { resolveAddress, transferAddress } from './named-address.ts'
import { removeNode } from './removal.ts'
import {
  reportAttachments,
  reportBlocks,
  reportPeers,
  reportPools,
  reportRegistry,
  reportStatus
} from './reports.ts'
import { readBody, textsOf } from './request-body.ts'

type Route =
  | {
      readonly method: 'GET'
      readonly serve: (service: OpenService, query: URLSearchParams) => Promise<Answer>
    }
  | {
      readonly method: 'POST'
      readonly serve: (service: OpenService, body: Json) => Promise<Answer>
    }

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/v1/status', { method: 'GET', serve: reportStatus }],
  ['/v1/pools', { method: 'GET', serve: reportPools }],
  ['/v1/attachments', { method: 'GET', serve: reportAttachments }],
  ['/v1/blocks', { method: 'GET', serve: reportBlocks }],
  ['/v1/map', { method: 'GET', serve: reportMap }],
  ['/v1/peers', { method: 'GET', serve: reportPeers }],
  ['/v1/registry', { method: 'GET', serve: reportRegistry }],
  ['/v1/drain', { method: 'POST', serve: withoutBody(drainNode) }],
  ['/v1/undrain', { method: 'POST', serve: withoutBody(undrainNode) }],
  ['/v1/remove', { method: 'POST', serve: removeNode }],
  ['/v1/resolve', { method: 'POST', serve: resolveAddress }],
  ['/v1/transfer', { method: 'POST', serve: transferAddress }]
])

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
    answer(request, service, log).then(
      reply => send(response, reply),
      (error: unknown) => {
        log.warn({ error, url: request.url }, 'an admin request failed')
        send(response, refused(503, messageOf(error)))
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

interface Reply extends Answer {
  readonly allow?: string
  /** The rest of the request is not read. */
  readonly isLast?: boolean
}

async function answer(request: IncomingMessage, service: AdminService, log: Log): Promise<Reply> {
  const { method = '', url = '' } = request
  const parsed = URL.parse(url, 'http://admin')
  if (parsed === null) return refused(400, `${url} is no URL`)
  const { pathname, searchParams } = parsed
  const route = routes.get(pathname)
  if (route === undefined) {
    return refused(404, `${pathname} is none of ${[...routes.keys()].join(', ')}`)
  }
  const { method: allow } = route
  if (method !== allow) {
    return { ...refused(405, `${method} is not allowed; use ${allow}`), allow }
  }
  const { house } = service
  if (pathname === '/v1/status') return reportStatus(service)
  if ('why' in house) return refused(503, house.why)
  const open = { ...service, house }
  if (route.method === 'GET') return route.serve(open, searchParams)
  const read = await readBody(request)
  if ('problem' in read) return { ...refused(400, read.problem), isLast: true }
  const { body } = read
  const outcome = await route.serve(open, body)
  // What people decide is looked for in the log later.
  log.info({ url: pathname, body, status: outcome.status }, 'an operator gave an order')
  return outcome
}

function withoutBody(serve: (service: OpenService) => Promise<Answer>) {
  return async (service: OpenService, body: Json): Promise<Answer> => {
    const read = textsOf(body, { required: {} })
    return 'problem' in read ? refused(400, read.problem) : serve(service)
  }
}

function send(response: ServerResponse, { status, body, allow, isLast }: Reply): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(allow !== undefined && { allow }),
    ...(isLast === true && { connection: 'close' })
  })
  response.end(`${JSON.stringify(body)}\n`)
}
