// Every path that is served, and by what. One that ends in `*` stands for everything below it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Json } from '../core/fields.ts'
import { reportActors, inspectActor, traceActor } from './actors.ts'
import { tellActor } from './actor-orders.ts'
import { listAddresses } from './addresses.ts'
import type { AdminService, OpenService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import { drainNode, undrainNode } from './drain.ts'
import { askElsewhere } from './elsewhere.ts'
import { reportEvents } from './event-report.ts'
import { streamEvents } from './event-stream.ts'
import { explainPools } from './explanation.ts'
import { reportHealth, reportReady } from './health.ts'
import { reportMap } from './map.ts'
import { exposeMetrics } from './metrics-text.ts'
import { resolveAddress, transferAddress } from './named-address.ts'
import { reportPage } from './page.ts'
import { applyDocuments, deleteDocument } from './pool-orders.ts'
import { drainRange, keepRange } from './range-orders.ts'
import { releaseAddress } from './release.ts'
import { removeNode } from './removal.ts'
import {
  reportAttachments,
  reportBlocks,
  reportPeers,
  reportPools,
  reportRegistry,
  reportStatus
} from './reports.ts'
import { bodyBytesMax, textsOf } from './request-body.ts'
import { reportSubnets } from './subnets.ts'
import { tellWhy } from './why.ts'

/** Looks and changes nothing. */
interface Look {
  readonly method: 'GET'
  /** Shows, or makes an actor keep, what goes on inside: over TCP only for who may order. */
  readonly isInner?: true
  readonly serve: (service: OpenService, query: URLSearchParams) => Promise<Answer>
}

/** As Look, also while the node has no house. */
interface Glance {
  readonly method: 'GET'
  readonly always: (
    service: AdminService,
    query: URLSearchParams,
    path: string,
    accept: string
  ) => Promise<Answer>
  /** For clients that accept text/event-stream. Undefined when the response is in its hands. */
  readonly stream?: (
    service: AdminService,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse
  ) => Answer | undefined
}

export interface Order {
  readonly method: 'POST'
  readonly serve: (service: OpenService, body: Json) => Promise<Answer>
  /** A question that needs a body: nothing changes, and nobody has to look for it in a log. */
  readonly onlyAsks?: true
  readonly bodyBytesMax: number
}

export type Route = Look | Glance | Order

/** A question of the usual size, and where it goes. */
const elsewhereBytesMax = 2 * bodyBytesMax

/** As many documents as one file may hold, and what JSON adds to their text. */
const documentBytesMax = 2 * 1_048_576

export const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/', { method: 'GET', always: reportPage }],
  ['/page/*', { method: 'GET', always: reportPage }],
  ['/healthz', { method: 'GET', always: reportHealth }],
  ['/readyz', { method: 'GET', always: reportReady }],
  ['/metrics', { method: 'GET', always: exposeMetrics }],
  ['/v1/status', { method: 'GET', always: reportStatus }],
  ['/v1/events', { method: 'GET', always: reportEvents, stream: streamEvents }],
  ['/v1/pools', look(reportPools)],
  ['/v1/subnets', look(reportSubnets)],
  ['/v1/blocks', look(reportBlocks)],
  ['/v1/addresses', look(listAddresses)],
  ['/v1/map', look(reportMap)],
  ['/v1/why', look(tellWhy)],
  ['/v1/attachments', look(reportAttachments)],
  ['/v1/peers', look(reportPeers)],
  ['/v1/registry', look(reportRegistry)],
  ['/v1/actors', look(reportActors)],
  ['/v1/inspect', { ...look(inspectActor), isInner: true }],
  ['/v1/trace', { ...look(traceActor), isInner: true }],
  ['/v1/explain', { ...order(explainPools), onlyAsks: true }],
  ['/v1/elsewhere', { ...order(askElsewhere), onlyAsks: true, bodyBytesMax: elsewhereBytesMax }],
  ['/v1/apply', { ...order(applyDocuments), bodyBytesMax: documentBytesMax }],
  ['/v1/delete', order(deleteDocument)],
  ['/v1/release', order(releaseAddress)],
  ['/v1/tell', order(tellActor)],
  ['/v1/drain', order(withoutBody(drainNode))],
  ['/v1/undrain', order(withoutBody(undrainNode))],
  ['/v1/remove', order(removeNode)],
  ['/v1/drain-range', order(drainRange)],
  ['/v1/keep-range', order(keepRange)],
  ['/v1/resolve', order(resolveAddress)],
  ['/v1/transfer', order(transferAddress)]
])

export function routeOf(path: string): Route | undefined {
  const directory = path.slice(0, path.lastIndexOf('/') + 1)
  return routes.get(path) ?? routes.get(`${directory}*`)
}

export function paths(): string {
  return [...routes.keys()].join(', ')
}

function look(serve: Look['serve']): Look {
  return { method: 'GET', serve }
}

function order(serve: Order['serve']): Order {
  return { method: 'POST', serve, bodyBytesMax }
}

function withoutBody(serve: (service: OpenService) => Promise<Answer>): Order['serve'] {
  return async (service, body) => {
    const read = textsOf(body, { required: {} })
    return 'problem' in read ? refused(400, read.problem) : serve(service)
  }
}
