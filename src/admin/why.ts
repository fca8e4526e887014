// GET /v1/why: the story of one address as this node knows it, from the registry's first word on: who was given it,
// who passed it on, which pod got it, and what holds it now.

import { ask } from '../actors/runtime/ask.ts'
import { type Address, formatAddress } from '../core/address.ts'
import { parseRange, rangeContains } from '../core/address-range.ts'
import { type Attachment, keyText } from '../core/attachment.ts'
import { matches } from '../core/event-filter.ts'
import { eventText } from '../core/event-text.ts'
import { bindOf } from '../core/lease/bind.ts'
import { keyOf, type Register, retired } from '../core/lease/register.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import { parseRecord } from '../core/registry/record-text.ts'
import { addressView, type AddressView, placeOf, shapeOf } from './addresses.ts'
import { type OpenService, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { nodeOf, registerText } from './custody-view.ts'
import { queryOf } from './query.ts'
import { podText } from './views.ts'

export interface HistoryLine {
  /** Absent where nobody has noted when: custody passes on without a clock. */
  readonly at?: string
  readonly source: 'registry' | 'lease' | 'store' | 'event'
  /** A sentence. */
  readonly what: string
}

export interface WhyView extends Omit<AddressView, 'first' | 'last' | 'count'> {
  readonly address: string
  /** The register of the address, `5.2`; absent where nobody has custody. */
  readonly key?: string
  readonly history: readonly HistoryLine[]
}

export async function tellWhy(service: OpenService, query: URLSearchParams): Promise<Answer> {
  const read = queryOf(query, ['address'])
  if ('problem' in read) return refused(400, read.problem)
  const place = await placeOf(service, read.texts['address'] ?? '')
  if ('status' in place) return place
  const { address, domain, actor, reserved } = place
  const within = timing(service)
  const [shape, custody, census, registry] = await Promise.all([
    shapeOf(service),
    ask(actor, { type: 'DescribeCustody' }, within),
    ask(actor, { type: 'DescribeAddresses', from: address, limit: 1, reserved }, within),
    ask(service.house.secretary, { type: 'DescribeRegistry' }, within)
  ])
  const [stretch] = census.stretches
  if (stretch === undefined) return refused(404, `${formatAddress(address)} is not in ${domain}`)
  const register = custody.runs.find(
    ({ start, end }) => start <= address && address < end
  )?.register
  const {
    first: _first,
    last: _last,
    count: _count,
    ...state
  } = addressView(stretch, domain, shape)
  const attachment = shape.attachments.get(stretch.holder ?? '')
  const claims = custody.contests
    .filter(contest => contest.address === address)
    .flatMap(contest => contest.claims)
  return shown({
    address: formatAddress(address),
    ...state,
    ...(register !== undefined && { key: keyOf(register) }),
    history: [
      ...recordLines(registry.records, domain, address, shape.view),
      ...(register === undefined ? [] : registerLines(register, shape.view)),
      ...claims.map(claim => lineOf('lease', `claimed: ${registerText(claim, shape.view)}`)),
      ...recent(service, address, attachment)
    ]
  } satisfies WhyView)
}

function lineOf(source: HistoryLine['source'], what: string, atMs?: number): HistoryLine {
  return { source, what, ...(atMs !== undefined && { at: new Date(atMs).toISOString() }) }
}

/** What everybody has decided in common about it. */
function recordLines(
  records: readonly Uint8Array[],
  domain: string,
  address: Address,
  view: ClusterView
): HistoryLine[] {
  const text = formatAddress(address)
  const named = (incarnation: string) => view.byIncarnation.get(incarnation)?.node ?? incarnation
  return records.flatMap((bytes, i) => {
    const record = parseRecord(bytes)
    const by = `record ${i + 1}`
    if ('problem' in record || !('domain' in record) || record.domain !== domain) return []
    if (record.type === 'Resolve') {
      if (record.address !== text) return []
      return [lineOf('registry', `decided for ${named(record.owner)} (${by})`, record.atMs)]
    }
    const range = `${record.first}-${record.last}`
    if (!holds(record, address)) return []
    switch (record.type) {
      case 'RangeAdd': {
        const holders = record.holders.map(named).join(', ')
        return [lineOf('registry', `${range} was shared out to ${holders} (${by})`, record.atMs)]
      }
      case 'RangeDrain':
        return [lineOf('registry', `${range} is being given up (${by})`, record.atMs)]
      case 'RangeKeep':
        return [lineOf('registry', `${range} is kept after all (${by})`, record.atMs)]
    }
  })
}

function holds({ first, last }: { first: string; last: string }, address: Address): boolean {
  const range = parseRange(`${first}-${last}`)
  return !('problem' in range) && rangeContains(range, address)
}

/** What its register says of its way here. */
function registerLines(register: Register, view: ClusterView): HistoryLine[] {
  const { fence, seq, owner, writer, tail } = register
  const node = nodeOf(owner, view)
  const lines: HistoryLine[] = []
  const removed = [...view.members.values()].find(member => member.removed?.fence === fence)
  if (removed !== undefined) {
    lines.push(lineOf('lease', `taken over after ${removed.node} was removed (record ${fence})`))
  }
  if (owner === retired) lines.push(lineOf('lease', `given up for ever by ${nodeOf(writer, view)}`))
  else if (seq === 0) lines.push(lineOf('lease', `held by ${node} since record ${fence}`))
  else {
    const times = seq === 1 ? 'once' : `${seq} times`
    const how =
      writer === owner ? `written last by ${node} itself` : `passed on by ${nodeOf(writer, view)}`
    lines.push(lineOf('lease', `changed ${times} since record ${fence}; ${how}; held by ${node}`))
  }
  const bind = bindOf(tail)
  if (bind !== undefined) lines.push(lineOf('lease', `kept for ${bind.holder}`))
  return lines
}

/** What this process has noted; older than that is only who has the address now. */
function recent(
  { chronicle }: OpenService,
  address: Address,
  attachment: Attachment | undefined
): HistoryLine[] {
  const entries = chronicle.after(0).entries.filter(({ event }) => matches(event, { address }))
  const lines = entries.map(({ atMs, event }) => lineOf('event', eventText(event), atMs))
  const isTold = entries.some(
    ({ event }) =>
      event.type === 'Allocated' && attachment && keyText(event.key) === keyText(attachment.key)
  )
  return attachment === undefined || isTold ? lines : [attachmentLine(attachment), ...lines]
}

function attachmentLine({ key, pod, sandbox, createdAtMs }: Attachment): HistoryLine {
  const who = podText(pod) ?? 'a pod without a name'
  const what = `allocated to ${who} (${keyText(key)}, namespace ${sandbox.path})`
  return lineOf('store', what, createdAtMs)
}
