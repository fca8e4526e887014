// POST /v1/drain-range: a range is given up for good, so that nothing of it is used anew. Asked again, it says how far
// that has come. POST /v1/keep-range calls it off for what is not gone by then.

import { ask } from '../actors/runtime/ask.ts'
import { familyOf } from '../core/address.ts'
import { type AddressRange, formatRange, parseRange } from '../core/address-range.ts'
import { AddressSet } from '../core/address-set.ts'
import { parseCidr } from '../core/cidr.ts'
import type { Json } from '../core/fields.ts'
import { retired } from '../core/lease/register.ts'
import { describePeers, type OpenService, subnetsOf, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { propose } from './proposal.ts'
import { textsOf } from './request-body.ts'
import { count } from './views.ts'

export interface RangeView {
  readonly domain: string
  readonly range: string
  readonly addresses: number | string
  /** How many of them nobody will ever use again, as far as this node knows. */
  readonly gone: number | string
  /** Absent when it had been ordered before. */
  readonly record?: number
}

const form = { required: { range: 'must be like 10.9.0.64-10.9.0.127, or one IP address' } }

export function drainRange(service: OpenService, body: Json): Promise<Answer> {
  return order(service, body, 'RangeDrain')
}

export function keepRange(service: OpenService, body: Json): Promise<Answer> {
  return order(service, body, 'RangeKeep')
}

async function order(
  service: OpenService,
  body: Json,
  type: 'RangeDrain' | 'RangeKeep'
): Promise<Answer> {
  const read = textsOf(body, form)
  if ('problem' in read) return refused(400, read.problem)
  const range = parseRange(read.texts['range'] ?? '')
  if ('problem' in range) return refused(400, range.problem)
  const domain = await domainOf(service, range)
  if (typeof domain !== 'string') return domain
  const { view } = await describePeers(service)
  const wanted = AddressSet.of([range])
  const draining = AddressSet.of(view.domains.get(domain)?.draining ?? []).intersect(wanted)
  if (type === 'RangeKeep' && draining.isEmpty) {
    return refused(409, `nothing of ${formatRange(range)} is being given up`)
  }
  // Every record stays for ever: to ask how far it has come needs none.
  if (type === 'RangeDrain' && draining.size === wanted.size) return told(service, domain, range)
  const [first = '', last = first] = formatRange(range).split('-')
  const record = await propose(service, { type, domain, first, last })
  return typeof record === 'number' ? told(service, domain, range, record) : record
}

async function told(
  service: OpenService,
  domain: string,
  range: AddressRange,
  record?: number
): Promise<Answer> {
  const actor = (await subnetsOf(service)).get(domain)
  if (actor === undefined) return refused(503, `${domain} is not looked after here any more`)
  const { runs } = await ask(actor, { type: 'DescribeCustody' }, timing(service))
  const given = AddressSet.of(runs.filter(({ register }) => register.owner === retired))
  return shown({
    domain,
    range: formatRange(range),
    addresses: count(range.end - range.start),
    gone: count(given.intersect(AddressSet.of([range])).size),
    ...(record !== undefined && { record })
  } satisfies RangeView)
}

/** The subnet that all of it lies in. */
async function domainOf(service: OpenService, range: AddressRange): Promise<string | Answer> {
  for (const domain of (await subnetsOf(service)).keys()) {
    const cidr = parseCidr(domain)
    if ('problem' in cidr || cidr.family !== familyOf(range.start)) continue
    if (range.start >= cidr.range.start && range.end <= cidr.range.end) return domain
  }
  return refused(404, `no subnet that this node knows has all of ${formatRange(range)}`)
}
