// GET /v1/map?subnet=CIDR&from=&to=&cells=: the address space of a subnet for drawing, as runs of cells that are
// alike. Cells are single addresses while there are no more than `cells` of them, else blocks of a power of two.

import { ask } from '../actors/runtime/ask.ts'
import { type Address, formatAddress, parseAddress } from '../core/address.ts'
import type { AddressRange } from '../core/address-range.ts'
import { AddressSet } from '../core/address-set.ts'
import { type Cidr, formatCidr, parseCidr, unassignable } from '../core/cidr.ts'
import { type CellRun, cellsOf, cellSizeFor, tally } from '../core/map/cells.ts'
import type { MapView, Share } from '../core/map/map-view.ts'
import { type AddressLabel, type Offer, spaceOf } from '../core/map/occupancy.ts'
import type { Stretch } from '../core/map/stretches.ts'
import type { PoolSet } from '../core/pool-set.ts'
import { type ClusterView, resolve } from '../core/registry/cluster-view.ts'
import { describePeers, type OpenService, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { count } from './views.ts'

/** One cell of each address of a /16: some 300 kB of JSON at worst. */
const cellsMax = 65_536
const usualCells = 4_096

interface Wish {
  readonly subnet: Cidr
  readonly from: Address
  /** Undefined: up to the end of the subnet. */
  readonly to: Address | undefined
  readonly cells: number
}

export async function reportMap(service: OpenService, query: URLSearchParams): Promise<Answer> {
  const wish = readWish(query)
  if ('problem' in wish) return refused(400, wish.problem)
  const { subnet } = wish
  const within = timing(service)
  const { set, subnets } = await ask(service.house.catalogue, { type: 'DescribePools' }, within)
  const actor = subnets.get(formatCidr(subnet))
  if (actor === undefined) {
    const known = [...subnets.keys()].join(', ') || 'none at all'
    return refused(404, `${formatCidr(subnet)} is no subnet of this node; it has ${known}`)
  }
  const [window, cellSize] = framed(wish)
  const [occupancy, { view }] = await Promise.all([
    ask(actor, { type: 'DescribeOccupancy', window }, within),
    describePeers(service)
  ])
  const stretches = spaceOf(window, occupancy, offerOf(subnet, set))
  return shown(mapView({ subnet, window, cellSize, stretches, view }))
}

function readWish(query: URLSearchParams): Wish | { readonly problem: string } {
  const subnet = parseCidr(query.get('subnet') ?? '')
  if ('problem' in subnet) return { problem: `subnet: ${subnet.problem}` }
  const { start, end } = subnet.range
  const from = query.get('from') === null ? start : parseAddress(query.get('from') ?? '')
  const to = query.get('to') === null ? undefined : parseAddress(query.get('to') ?? '')
  const isWithin = (address: Address) => address >= start && address < end
  if (from === undefined || !isWithin(from)) {
    return { problem: `from: name an address of ${formatCidr(subnet)}` }
  }
  if (query.get('to') !== null && (to === undefined || to < from || !isWithin(to))) {
    return { problem: `to: name an address of ${formatCidr(subnet)} that is not below from` }
  }
  const cells = query.get('cells') === null ? usualCells : Number(query.get('cells'))
  if (!Number.isInteger(cells) || cells < 1 || cells > cellsMax) {
    return { problem: `cells: name a whole number from 1 to ${cellsMax}` }
  }
  return { subnet, from, to, cells }
}

/** The window is made wider until it begins and ends where cells of the subnet do. */
function framed({ subnet, from, to, cells }: Wish): [window: AddressRange, cellSize: bigint] {
  const { start: base, end: limit } = subnet.range
  const end = to === undefined ? limit : to + 1n
  const size = cellSizeFor(end - from, cells)
  const start = from - ((from - base) % size)
  const over = (end - base) % size
  return [{ start: start as Address, end: over === 0n ? end : end + size - over }, size]
}

/** What pools of this subnet offer, and what no pod may have whatever they say. */
export function offerOf(subnet: Cidr, { pools, reserved }: PoolSet): Offer {
  const own = [...pools.values()].filter(pool => formatCidr(pool.subnet) === formatCidr(subnet))
  const gateways = own.flatMap(({ gateway }) =>
    gateway === undefined ? [] : [{ start: gateway, end: gateway + 1n }]
  )
  return {
    usable: own.reduce((sum, { usable }) => sum.union(usable), AddressSet.empty),
    reserved: reserved.union(AddressSet.of([...unassignable(subnet), ...gateways]))
  }
}

interface Drawn {
  readonly subnet: Cidr
  readonly window: AddressRange
  readonly cellSize: bigint
  readonly stretches: readonly Stretch<AddressLabel>[]
  readonly view: ClusterView
}

function mapView({ subnet, window, cellSize, stretches, view }: Drawn): MapView {
  const totals = [...tally(stretches)]
  const places = new Map(totals.map(([label], i) => [label, i]))
  const placeOf = (label: AddressLabel) => places.get(label) ?? 0
  return {
    subnet: formatCidr(subnet),
    from: formatAddress(window.start),
    to: formatAddress((window.end - 1n) as Address),
    cell: count(cellSize),
    labels: totals.map(([{ state, owner }, addresses]) => ({
      state,
      ...(owner !== undefined && { node: nodeOf(owner, view) }),
      addresses: count(addresses)
    })),
    runs: cellsOf(stretches, cellSize).map(run => [Number(run.cells), sharesOf(run, placeOf)])
  }
}

function sharesOf(
  { shares }: CellRun<AddressLabel>,
  placeOf: (label: AddressLabel) => number
): number | readonly Share[] {
  const [first] = shares
  if (shares.length === 1 && first !== undefined) return placeOf(first.label)
  return shares.map(({ label, count: addresses }): Share => [placeOf(label), count(addresses)])
}

/** Of a removed member: who answers for its addresses now. */
function nodeOf(owner: number, view: ClusterView): string {
  const member = view.members.get(owner)
  if (member === undefined) return `member ${owner}`
  const heir = member.removed && resolve(view, owner)
  return heir === undefined ? member.node : `${member.node} (removed, for ${heir.node})`
}
