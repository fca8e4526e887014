// The admin socket: plain HTTP with JSON for people and tools on this node, and for whoever operates the cluster.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../core/error-text.ts'
import { plainData } from '../core/plain-data.ts'
import type { Listen } from '../ports/listen.ts'
import type { Log } from '../ports/log.ts'
import type { AdminService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import { createServer } from './http.ts'
import { reportStatus } from './reports.ts'
import { readBody } from './request-body.ts'
import { routes } from './routes.ts'

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
  const read = await readBody(request, route.bodyBytesMax)
  if ('problem' in read) return { ...refused(400, read.problem), isLast: true }
  const { body } = read
  const outcome = await route.serve(open, body)
  // What people decide is looked for in the log later.
  if (route.onlyAsks !== true) {
    log.info(
      { url: pathname, body: plainData(body), status: outcome.status },
      'an operator gave an order'
    )
  }
  return outcome
}

function send(response: ServerResponse, { status, body, allow, isLast }: Reply): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(allow !== undefined && { allow }),
    ...(isLast === true && { connection: 'close' })
  })
  response.end(`${JSON.stringify(body)}\n`)
}
