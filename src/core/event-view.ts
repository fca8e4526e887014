// An event as JSON: addresses and keys as text, with its sentence. What the stream of events, the audit log and
// everything that shows events has in common.

import { formatAddress } from './address.ts'
import { formatRange } from './address-range.ts'
import { keyText } from './attachment.ts'
import type { ToldEvent } from './event.ts'
import { eventText } from './event-text.ts'
import { keyOf, type Run } from './lease/register.ts'

export interface EventView {
  /** Of the process that noted it. */
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  readonly type: ToldEvent['type']
  readonly text: string
  /** The fields of its kind (`core/event.ts`), as text. */
  readonly [field: string]: unknown
}

export function eventView(seq: number, at: string, event: ToldEvent): EventView {
  return { seq, at, type: event.type, text: eventText(event), ...fieldsOf(event) }
}

function fieldsOf(event: ToldEvent): Record<string, unknown> {
  return {
    ...event,
    ...('key' in event && { key: keyText(event.key) }),
    ...('address' in event && { address: formatAddress(event.address) }),
    ...('addresses' in event && { addresses: event.addresses.map(addressView) }),
    ...('runs' in event && { runs: event.runs.map(runView) })
  }
}

type Listed = Extract<ToldEvent, { readonly addresses: unknown }>['addresses'][number]

function addressView(one: Listed): unknown {
  return typeof one === 'bigint'
    ? formatAddress(one)
    : { address: formatAddress(one.address), pool: one.pool }
}

function runView(run: Run): unknown {
  return { range: formatRange(run), key: keyOf(run.register) }
}
