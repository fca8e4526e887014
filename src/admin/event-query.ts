// What the query of /v1/events may ask for: type=Allocated,Released&pool=blue&address=10.9.0.2&pod=shop/web-0&last=100

import { parseAddress } from '../core/address.ts'
import { type EventType, eventTypes } from '../core/event.ts'
import type { EventFilter } from '../core/event-filter.ts'
import type { ChronicleReader, Pile } from '../ports/chronicle.ts'

export interface EventQuery {
  readonly filter: EventFilter
  /** How many of the remembered events at most; undefined: as usual for who asks. */
  readonly last: number | undefined
  /** Only events after this one: `<session>-<number>`, as in the stream's ids. */
  readonly after: string | undefined
}

const keys = ['type', 'pool', 'address', 'pod', 'last', 'after']

export function readEventQuery(query: URLSearchParams): EventQuery | { readonly problem: string } {
  const unknown = [...query.keys()].find(key => !keys.includes(key))
  if (unknown !== undefined) {
    return { problem: `${unknown}: unknown key; known are ${keys.join(', ')}` }
  }
  const types = query.getAll('type').flatMap(text => text.split(','))
  const stranger = types.find(type => !isEventType(type))
  if (stranger !== undefined) {
    return { problem: `type: ${stranger} is none of ${eventTypes.join(', ')}` }
  }
  const named = query.get('address')
  const address = named === null ? undefined : parseAddress(named)
  if (named !== null && address === undefined) {
    return { problem: `address: ${named} is no IP address` }
  }
  const last = query.get('last')
  if (last !== null && !/^\d{1,6}$/.test(last)) {
    return { problem: `last: ${last} is no number of events` }
  }
  const [pool, pod, after] = [query.get('pool'), query.get('pod'), query.get('after')]
  return {
    filter: {
      ...(types.length > 0 && { types: new Set(types.filter(isEventType)) }),
      ...(pool !== null && { pool }),
      ...(address !== undefined && { address }),
      ...(pod !== null && { pod })
    },
    last: last === null ? undefined : Number(last),
    after: after ?? undefined
  }
}

function isEventType(text: string): text is EventType {
  return (eventTypes as readonly string[]).includes(text)
}

export function eventId({ session }: ChronicleReader, seq: number): string {
  return `${session}-${seq}`
}

/** What is remembered after an id; after one of an earlier process everything is. */
export function rememberedAfter(chronicle: ChronicleReader, id: string): Pile {
  const [session, seq = ''] = id.split('-')
  const isOurs = session === chronicle.session && /^\d{1,15}$/.test(seq)
  return chronicle.after(isOurs ? Number(seq) : 0)
}
