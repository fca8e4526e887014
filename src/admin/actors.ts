// GET /v1/actors, /v1/inspect and /v1/trace: the actors as a tree, what one of them says of itself, and its messages.
// None of it asks an actor: it is seen from outside, also of one that is stuck.

import { messageOf } from '../core/error-text.ts'
import { plainData } from '../core/plain-data.ts'
import type { AdminHouse, OpenService } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { countIn, queryOf } from './query.ts'

export interface ActorView {
  readonly path: string
  readonly name: string
  /** Messages that wait, and how many may. */
  readonly waiting: number
  readonly mailboxLimit: number
  readonly handled: number
  /** Messages for which the mailbox was too full. */
  readonly refused: number
  readonly lastType?: string
  readonly busyMs: number
  readonly slowestMs: number
  readonly restarts: number
  readonly traced: boolean
  readonly lastError?: { readonly message: string; readonly at: string }
  readonly stopped?: string
}

export interface ActorTree extends ActorView {
  readonly children: readonly ActorTree[]
}

export interface ActorsView {
  readonly node: string
  /** The guardian watches the others and has no mailbox. */
  readonly guardian: { readonly restarts: number; readonly children: readonly ActorTree[] }
}

export function actorViews({ actors }: Pick<AdminHouse, 'actors'>): ActorView[] {
  return actors.vitals().map(({ stopped, lastError, lastType, busyMs, slowestMs, ...vitals }) => ({
    ...vitals,
    busyMs: rounded(busyMs),
    slowestMs: rounded(slowestMs),
    ...(lastType !== undefined && { lastType }),
    ...(lastError !== undefined && {
      lastError: {
        message: messageOf(lastError.error),
        at: new Date(lastError.atMs).toISOString()
      }
    }),
    ...(stopped !== undefined && { stopped: stopped.type })
  }))
}

export function reportActors({ node, house }: OpenService): Promise<Answer> {
  const views = actorViews(house)
  const { restarts } = house.actors
  const children = childrenOf('', views)
  return Promise.resolve(shown({ node, guardian: { restarts, children } } satisfies ActorsView))
}

/** A path goes below the longest one that it begins with; subnets have slashes in their names. */
function childrenOf(parent: string, views: readonly ActorView[]): ActorTree[] {
  const below = views.filter(({ path }) => parent === '' || path.startsWith(`${parent}/`))
  const isTop = ({ path }: ActorView) =>
    !below.some(other => other.path !== path && path.startsWith(`${other.path}/`))
  return below.filter(isTop).map(view => ({
    ...view,
    children: childrenOf(view.path, below)
  }))
}

export function inspectActor({ house }: OpenService, query: URLSearchParams): Promise<Answer> {
  const read = queryOf(query, ['path'])
  if ('problem' in read) return Promise.resolve(refused(400, read.problem))
  const vitals = actorAt(house, read.texts['path'])
  if ('status' in vitals) return Promise.resolve(vitals)
  const state = house.actors.describe(vitals.path)
  return Promise.resolve(shown({ ...vitals, state: plainData(state ?? {}) }))
}

/** Tracing begins with the first question and ends soon after the last one. */
export function traceActor(service: OpenService, query: URLSearchParams): Promise<Answer> {
  const { house, clock } = service
  const read = queryOf(query, ['path', 'after'])
  if ('problem' in read) return Promise.resolve(refused(400, read.problem))
  const limits = { from: 0, to: Number.MAX_SAFE_INTEGER, usual: 0 }
  const after = countIn(read.texts['after'], 'after', limits)
  if (typeof after !== 'number') return Promise.resolve(refused(400, after.problem))
  const vitals = actorAt(house, read.texts['path'])
  if ('status' in vitals) return Promise.resolve(vitals)
  const slice = house.actors.trace(vitals.path, after)
  const [now, wall] = [clock.monotonicMs(), clock.wallMs()]
  const messages = (slice?.messages ?? []).map(({ n, message, atMs, tookMs, waiting }) => ({
    ...{ n, at: new Date(wall - (now - atMs)).toISOString(), tookMs: rounded(tookMs), waiting },
    message: plainData(message)
  }))
  const { last = 0, missed = 0 } = slice ?? {}
  return Promise.resolve(shown({ path: vitals.path, messages, last, missed }))
}

export function actorAt(house: AdminHouse, path: string | undefined): ActorView | Answer {
  const views = actorViews(house)
  const view = views.find(one => one.path === path)
  if (view !== undefined) return view
  const known = views.map(one => one.path).join(', ')
  if (path === undefined) return refused(400, `path: is missing; actors are ${known}`)
  return refused(404, `no actor is called ${path}; actors are ${known}`)
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
