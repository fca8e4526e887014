// GET /v1/events as server-sent events (HTML, section 9.2): each event with its id, so that a client that comes back
// with Last-Event-ID misses nothing that is still remembered. Who cannot keep up is sent away.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { matches } from '../core/event-filter.ts'
import { eventView } from '../core/event-view.ts'
import type { Entry, Pile } from '../ports/chronicle.ts'
import type { AdminService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'
import { type EventQuery, eventId, readEventQuery, rememberedAfter } from './event-query.ts'

/** People do not see a tenth of a second, and a burst of pods costs ten writes a second instead of a thousand. */
const gatherMs = 100
/** Below the half minute after which proxies and clients take silence for an end. */
const heartbeatMs = 15_000
/** What a client may leave lying in its socket: some hundreds of events. */
const unreadBytesMax = 256 * 1024
/** How long who was sent away may take to read that. */
const farewellMs = 5_000
/** How soon a browser comes back. */
const retryMs = 2_000

/** Several clients see the same events, each of which is written once. */
const written = new WeakMap<Entry, string>()

function dataOf(entry: Entry): string {
  const known = written.get(entry)
  if (known !== undefined) return known
  const { seq, atMs, event } = entry
  const data = JSON.stringify(eventView(seq, new Date(atMs).toISOString(), event))
  written.set(entry, data)
  return data
}

/** Serve the stream until the client leaves; or say why not. */
export function streamEvents(
  service: AdminService,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse
): Answer | undefined {
  const wish = readEventQuery(query)
  if ('problem' in wish) return refused(400, wish.problem)
  const stream = new EventStream(service, wish, response)
  const header = request.headers['last-event-id']
  if (!stream.open(typeof header === 'string' ? header : wish.after)) {
    return refused(503, 'as many clients follow the events as this node serves; try again later')
  }
  return undefined
}

class EventStream {
  readonly #service: AdminService
  readonly #wish: EventQuery
  readonly #response: ServerResponse
  #cancel = () => {}
  #gathering = () => {}

  constructor(service: AdminService, wish: EventQuery, response: ServerResponse) {
    this.#service = service
    this.#wish = wish
    this.#response = response
  }

  /** False when there are too many. */
  open(after: string | undefined): boolean {
    const { chronicle, clock } = this.#service
    const follower = chronicle.follow(() => {
      this.#gathering = clock.after(gatherMs, () => this.#tell(follower?.take()))
    })
    if (follower === undefined) return false
    this.#response.once('close', () => {
      follower.end()
      this.#cancel()
      this.#gathering()
    })
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no'
    })
    this.#response.write(`retry: ${retryMs}\n\n`)
    this.#tell(this.#begin(after))
    this.#beat()
    return true
  }

  /** What a client missed, or as much of the past as it wants to see. */
  #begin(after: string | undefined): Pile {
    const { chronicle } = this.#service
    if (after !== undefined) return rememberedAfter(chronicle, after)
    const { last = 0 } = this.#wish
    const seen = chronicle.after(0).entries.filter(entry => this.#isWanted(entry))
    return { entries: last === 0 ? [] : seen.slice(-last), dropped: 0 }
  }

  #isWanted({ event }: Entry): boolean {
    return matches(event, this.#wish.filter)
  }

  #tell(pile: Pile | undefined): void {
    if (pile === undefined) return
    const { chronicle } = this.#service
    const parts: string[] = []
    if (pile.dropped > 0) parts.push(`event: lost\ndata: {"lost":${pile.dropped}}\n\n`)
    for (const entry of pile.entries) {
      if (!this.#isWanted(entry)) continue
      parts.push(`id: ${eventId(chronicle, entry.seq)}\ndata: ${dataOf(entry)}\n\n`)
    }
    this.#write(parts.join(''))
  }

  #beat(): void {
    this.#cancel = this.#service.clock.after(heartbeatMs, () => {
      this.#write(': still here\n\n')
      this.#beat()
    })
  }

  #write(text: string): void {
    const response = this.#response
    if (text === '' || response.writableEnded || response.destroyed) return
    response.write(text)
    if (response.writableLength <= unreadBytesMax) return
    // It hears why if it reads on after all.
    response.end(': too slow, come back with the last id\n\n')
    this.#service.clock.after(farewellMs, () => response.destroy())
  }
}
