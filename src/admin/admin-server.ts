// HTTP for people and tools: at the admin socket of this node, and over TCP where that is wanted. Who may ask what is
// the business of the gate, what is answered that of the routes.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import { messageOf } from '../core/error-text.ts'
import { plainData } from '../core/plain-data.ts'
import type { Log } from '../ports/log.ts'
import type { AdminService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import type { Caller, Gate } from './gate.ts'
import { createServer } from './http.ts'
import { readBody } from './request-body.ts'
import { type Order, paths, routeOf } from './routes.ts'

/** Some people with a page each, which holds a stream and asks a few things at once, and scrapers. */
const connectionsMax = 128
/** A URL, a token and what browsers add. */
const headerBytesMax = 8 * 1024
/** Who asks has its request at hand. */
const headersMs = 5_000
const requestMs = 15_000
const idleMs = 5_000
/** How late those times may be noticed. */
const checkMs = 2_000

export interface AdminServer {
  stop(): Promise<void>
}

/** Where a server listens, and for whom. */
export interface Place {
  /** Rejects when nobody can listen there. */
  readonly listen: (server: Server) => Promise<void> | void
  readonly gate: Gate
}

export async function serveAdmin(
  { listen, gate }: Place,
  service: AdminService,
  log: Log
): Promise<AdminServer> {
  const options = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: checkMs
  }
  const server = createServer(options, (request, response) => {
    answer(request, response, { service, gate, log }).then(
      reply => reply && send(request, response, reply),
      (error: unknown) => {
        log.warn({ error, url: pathOf(request) }, 'an admin request failed')
        send(request, response, refused(503, messageOf(error)))
      }
    )
  })
  server.maxConnections = connectionsMax
  await listen(server)
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

interface Office {
  readonly service: AdminService
  readonly gate: Gate
  readonly log: Log
}

/** Undefined when the response is in other hands. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  office: Office
): Promise<Reply | undefined> {
  const passed = office.gate(request)
  if ('refusal' in passed) return { ...passed.refusal, isLast: true }
  const { url = '' } = request
  // Node leaves the content out.
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '')
  const parsed = URL.parse(url, 'http://admin')
  if (parsed === null) return refused(400, `${url} is no URL`)
  const { pathname, searchParams } = parsed
  const route = routeOf(pathname)
  if (route === undefined) return refused(404, `${pathname} is none of ${paths()}`)
  const { method: allow } = route
  if (method !== allow) {
    return { ...refused(405, `${method} is not allowed; use ${allow}`), allow }
  }
  const { service } = office
  if ('always' in route) {
    const { accept = '' } = request.headers
    const isStream = request.method === 'GET' && accept.includes('text/event-stream')
    return isStream && route.stream !== undefined
      ? route.stream(service, searchParams, request, response)
      : route.always(service, searchParams, pathname, accept)
  }
  const { house } = service
  if ('why' in house) return refused(503, house.why)
  if (route.method === 'GET') {
    if (route.isInner === true && !passed.mayOrder) return withoutToken()
    return route.serve({ ...service, house }, searchParams)
  }
  return carryOut(route, request, passed, office)
}

async function carryOut(
  route: Order,
  request: IncomingMessage,
  { by, mayOrder }: Caller,
  { service, log }: Office
): Promise<Reply> {
  const { house, chronicle } = service
  if ('why' in house) return refused(503, house.why)
  if (!mayOrder && route.onlyAsks !== true) return withoutToken()
  const read = await readBody(request, route.bodyBytesMax)
  if ('problem' in read) return { ...refused(400, read.problem), isLast: true }
  const { body } = read
  const url = pathOf(request)
  if (route.onlyAsks === true) return route.serve({ ...service, house }, body)
  // While whoever asks is still there, waiting for the answer.
  const who = await by()
  const outcome = await route.serve({ ...service, house }, body)
  // What people decide is looked for in the log later.
  const order = { body: plainData(body), status: outcome.status, by: who }
  log.info({ url, ...order }, 'an operator gave an order')
  chronicle.note({ type: 'OrderGiven', order: url, ...order })
  return outcome
}

function withoutToken(): Reply {
  const what = 'over TCP this needs the token of http.tokenFile; or ask on the node itself'
  return { ...refused(401, what), isLast: true }
}

/** Without the query. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, body, text, allow, isLast } = reply
  if (response.headersSent) return void response.destroy()
  // A body that nobody asked for is not read.
  const isUnread = request.method === 'GET' && 'content-length' in request.headers
  response.writeHead(status, {
    'content-type': text?.type ?? 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...text?.headers,
    ...(allow !== undefined && { allow }),
    ...((isLast === true || isUnread) && { connection: 'close' })
  })
  response.end(text?.content ?? `${JSON.stringify(body)}\n`)
}
