// GET /v1/events as JSON: what is remembered, oldest first. A client that accepts text/event-stream gets the stream.

import { matches } from '../core/event-filter.ts'
import { eventView } from '../core/event-view.ts'
import type { AdminService } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { eventId, readEventQuery, rememberedAfter } from './event-query.ts'

const usualLast = 256

export async function reportEvents(
  { chronicle, node }: AdminService,
  query: URLSearchParams
): Promise<Answer> {
  const wish = readEventQuery(query)
  if ('problem' in wish) return refused(400, wish.problem)
  const { filter, last = usualLast, after = '' } = wish
  const { entries, dropped } = rememberedAfter(chronicle, after)
  const seen = entries.filter(({ event }) => matches(event, filter))
  const events = seen
    .slice(Math.max(0, seen.length - last))
    .map(({ seq, atMs, event }) => eventView(seq, new Date(atMs).toISOString(), event))
  // The next question goes on after this one.
  const next = eventId(chronicle, entries.at(-1)?.seq ?? chronicle.last)
  return shown({ node, next, forgotten: dropped, events })
}
