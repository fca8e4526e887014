// GET /v1/addresses: how addresses stand at this node, those that are alike as one stretch. Asked page by page, so
// that the largest subnet costs no more than what is shown of it.

import { type Address, formatAddress, parseAddress } from '../core/address.ts'
import type { Stretch } from '../core/address-census.ts'
import type { Attachment } from '../core/attachment.ts'
import { keyText } from '../core/attachment.ts'
import { parseCidr } from '../core/cidr.ts'
import { addressStates, type AddressState } from '../core/map/occupancy.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import { ask } from '../actors/runtime/ask.ts'
import { describePeers, type OpenService, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { nodeOf } from './custody-view.ts'
import { offerOf } from './map.ts'
import { addressIn, countIn, queryOf } from './query.ts'
import { count, podText } from './views.ts'

const limits = { from: 1, to: 5_000, usual: 500 }

/** Questions to subnets for one page: what is looked for may be rare. */
const roundsMax = 256

export interface AddressView {
  readonly first: string
  readonly last: string
  readonly count: number | string
  readonly subnet: string
  readonly state: AddressState
  readonly pool?: string
  /** Whose it is; absent where nobody has custody. */
  readonly node?: string
  /** `namespace/name`, as far as the runtime has told. */
  readonly pod?: string
  /** The attachment that has or had it: network, container id, interface. Of a quarantined address its host. */
  readonly holder?: string
  readonly keptFor?: string
  /** How long it has been used, cooling, or in quarantine. */
  readonly seconds?: number
}

export interface AddressesView {
  readonly addresses: readonly AddressView[]
  /** Ask again with `from` this address; absent at the end. */
  readonly next?: string
}

export async function listAddresses(service: OpenService, query: URLSearchParams): Promise<Answer> {
  const keys = ['subnet', 'pool', 'pod', 'node', 'state', 'from', 'limit']
  const read = queryOf(query, keys)
  if ('problem' in read) return refused(400, read.problem)
  const { texts } = read
  const limit = countIn(texts['limit'], 'limit', limits)
  if (typeof limit !== 'number') return refused(400, limit.problem)
  const from = texts['from'] === undefined ? undefined : addressIn(texts['from'], 'from')
  if (typeof from === 'object') return refused(400, from.problem)
  const shape = await shapeOf(service)
  const wants = filterOf(texts, shape)
  if (typeof wants !== 'function') return refused(400, wants.problem)
  const domains = (await domainsOf(service)).filter(
    ({ domain, end }) =>
      (texts['subnet'] === undefined || domain === texts['subnet']) &&
      (from === undefined || from < end)
  )
  const addresses: AddressView[] = []
  let at = from
  let rounds = 0
  for (const { domain, actor, start, reserved } of domains) {
    for (;;) {
      const left = limit - addresses.length
      if (left <= 0 || rounds >= roundsMax) {
        return page(addresses, at === undefined || at < start ? start : at)
      }
      rounds += 1
      const question = { limit: left, wants, reserved, ...(at !== undefined && { from: at }) }
      const census = await ask(actor, { type: 'DescribeAddresses', ...question }, timing(service))
      addresses.push(...census.stretches.map(one => addressView(one, domain, shape)))
      at = census.next
      if (at === undefined) break
    }
  }
  return page(addresses, undefined)
}

function page(addresses: readonly AddressView[], next: Address | undefined): Answer {
  return shown({
    addresses,
    ...(next !== undefined && { next: formatAddress(next) })
  } satisfies AddressesView)
}

/** What stretches are told by. */
export interface Shape {
  readonly view: ClusterView
  readonly attachments: ReadonlyMap<string, Attachment>
  readonly nowMs: number
  readonly wallMs: number
}

export async function shapeOf(service: OpenService): Promise<Shape> {
  const [{ view }, attachments] = await Promise.all([
    describePeers(service),
    ask(service.house.allocator, { type: 'ListAttachments' }, timing(service))
  ])
  const byKey = new Map(attachments.map(one => [keyText(one.key), one]))
  return {
    view,
    attachments: byKey,
    nowMs: service.clock.monotonicMs(),
    wallMs: service.clock.wallMs()
  }
}

export function addressView(stretch: Stretch, subnet: string, shape: Shape): AddressView {
  const { start, end, state, pool, owner, holder, keptFor, sinceMs } = stretch
  const attachment = holder === undefined ? undefined : shape.attachments.get(holder)
  const pod = attachment && podText(attachment.pod)
  const ageMs =
    sinceMs === undefined
      ? attachment && shape.wallMs - attachment.createdAtMs
      : shape.nowMs - sinceMs
  return {
    first: formatAddress(start),
    last: formatAddress((end - 1n) as Address),
    count: count(end - start),
    ...{ subnet, state },
    ...(pool !== undefined && { pool }),
    ...(owner !== undefined && { node: nodeOf(owner, shape.view) }),
    ...(pod !== undefined && { pod }),
    ...(holder !== undefined && { holder }),
    ...(keptFor !== undefined && { keptFor }),
    ...(ageMs !== undefined && { seconds: Math.max(0, Math.round(ageMs / 1_000)) })
  }
}

function filterOf(
  texts: Readonly<Record<string, string>>,
  { view, attachments }: Shape
): ((stretch: Stretch) => boolean) | { readonly problem: string } {
  const states = texts['state']?.split(',')
  const strange = states?.find(state => !addressStates.includes(state as AddressState))
  if (strange !== undefined) {
    return { problem: `state: "${strange}" is none of ${addressStates.join(', ')}` }
  }
  const { pool, node, pod } = texts
  const isOfPod = (told: string) => told === pod || told.endsWith(`/${pod}`)
  const has = new Set(
    [...attachments.values()]
      .filter(one => pod !== undefined && isOfPod(podText(one.pod) ?? ''))
      .flatMap(({ assignments }) => assignments.map(({ address }) => address))
  )
  return stretch =>
    (states === undefined || states.includes(stretch.state)) &&
    (pool === undefined || stretch.pool === pool) &&
    (node === undefined || (stretch.owner !== undefined && nodeOf(stretch.owner, view) === node)) &&
    (pod === undefined ||
      has.has(stretch.start) ||
      (stretch.keptFor?.split('/').slice(1, -1).join('/') ?? '').endsWith(pod))
}

/** In the order of their addresses. */
export async function domainsOf(service: OpenService) {
  const described = await ask(service.house.catalogue, { type: 'DescribePools' }, timing(service))
  const domains = [...described.subnets].flatMap(([domain, actor]) => {
    const cidr = parseCidr(domain)
    if ('problem' in cidr) return []
    return [{ domain, actor, ...cidr.range, reserved: offerOf(cidr, described.set).reserved }]
  })
  return domains.sort((a, b) => (a.start < b.start ? -1 : 1))
}

/** The subnet of an address by its text. */
export async function placeOf(service: OpenService, text: string) {
  const address = parseAddress(text)
  if (address === undefined) return refused(400, `"${text}" is no IP address`)
  const domains = await domainsOf(service)
  const place = domains.find(({ start, end }) => start <= address && address < end)
  if (place !== undefined) return { ...place, address }
  return refused(404, `no subnet that this node knows has ${formatAddress(address)}`)
}
