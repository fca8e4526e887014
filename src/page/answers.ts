// What the page reads of the node's answers. Other keys may be there; a key that is not is shown as unknown.

import type { MapView } from '../core/map/map-view.ts'

export interface StatusView {
  readonly node: string
  readonly release: string
  readonly serving: boolean
  readonly draining?: boolean
  readonly why?: string
  readonly notServing?: readonly { readonly domain: string; readonly why: string }[]
}

export interface PeerView {
  readonly node: string
  readonly connected: boolean
  readonly session: boolean
  readonly silentSeconds?: number
}

export interface PeersView {
  readonly cluster?: string
  readonly node: string
  /** The name of the node that keeps the registry, where it is known. */
  readonly registrar?: string
  readonly peers: readonly PeerView[]
}

export interface PoolsView {
  readonly pools: readonly {
    readonly name: string
    readonly subnet: string
  }[]
}

export interface ActorTree {
  readonly path: string
  readonly waiting: number
  readonly mailboxLimit: number
  readonly handled: number
  readonly busyMs: number
  readonly slowestMs: number
  readonly lastError?: { readonly message: string }
  readonly stopped?: string
  readonly children: readonly ActorTree[]
}

export interface ActorsView {
  readonly guardian: { readonly restarts: number; readonly children: readonly ActorTree[] }
}

export interface WhyView {
  readonly address: string
  readonly state: string
  readonly pool?: string
  readonly node?: string
  readonly pod?: string
  readonly holder?: string
  readonly keptFor?: string
  readonly seconds?: number
  readonly history: readonly { readonly at?: string; readonly what: string }[]
}

export interface AddressesView {
  readonly addresses: readonly {
    readonly first: string
    readonly subnet: string
    readonly pod?: string
    readonly state: string
  }[]
}

export type Answers = {
  '/v1/status': StatusView
  '/v1/peers': PeersView
  '/v1/pools': PoolsView
  '/v1/actors': ActorsView
  '/v1/why': WhyView
  '/v1/addresses': AddressesView
  '/v1/map': MapView
}

/** One that is longer under way is no news any more. */
const timeoutMs = 10_000

/** Rejects with a sentence for people. */
export async function get<Path extends keyof Answers>(
  path: Path,
  query: Readonly<Record<string, string>> = {}
): Promise<Answers[Path]> {
  const search = new URLSearchParams(query).toString()
  const url = search === '' ? path : `${path}?${search}`
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  const body = (await answer.json()) as Answers[Path] & { readonly error?: string }
  if (!answer.ok) throw new Error(body.error ?? `${path}: ${answer.status}`)
  return body
}
