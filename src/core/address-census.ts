// How every address of a subnet stands at one node, in the order of the addresses: those with a story one by one, the
// others in stretches as long as they are alike. So a /8 is a few lines, and a page of it costs what it shows.

import type { Address } from './address.ts'
import { AddressSet } from './address-set.ts'
import type { AddressRange } from './address-range.ts'
import type { IpPool } from './ip-pool.ts'
import { type MemberIndex, retired, type Run } from './lease/register.ts'
import type { AddressState } from './map/occupancy.ts'

/** What is known of one address by itself. */
export interface Story {
  readonly state: Extract<AddressState, 'used' | 'cooling' | 'quarantined' | 'kept' | 'contested'>
  /** The key of the attachment that has or had it; of a quarantined one its host. */
  readonly holder?: string
  /** The pool it was taken from. */
  readonly pool?: string
  /** Since when it is in this state, by the clock of the machine. */
  readonly sinceMs?: number
  readonly keptFor?: string
}

export interface Stretch extends AddressRange, Partial<Omit<Story, 'state'>> {
  readonly state: AddressState
  /** Absent where nobody has custody. */
  readonly owner?: MemberIndex
}

export interface CensusParts {
  readonly within: AddressRange
  readonly me: MemberIndex | undefined
  /** Sorted and disjoint. */
  readonly runs: readonly Run[]
  readonly pools: readonly Pick<IpPool, 'name' | 'usable'>[]
  /** What no pod may have, whatever pools say. */
  readonly reserved: AddressSet
  readonly stories: ReadonlyMap<Address, Story>
}

export interface CensusQuestion {
  /** Begin here; at the beginning of the subnet when it lies before that. */
  readonly from: Address
  /** Stretches in one answer. */
  readonly limit: number
  readonly wants: (stretch: Stretch) => boolean
}

/** Stretches looked at for one answer: some milliseconds of an actor. */
const stepsMax = 16_384

export interface CensusPage {
  readonly stretches: readonly Stretch[]
  /** Where to go on; absent at the end. Fewer than `limit` stretches are no end: what is looked at has a limit, too. */
  readonly next?: Address
}

export function takeCensus(parts: CensusParts, question: CensusQuestion): CensusPage {
  const { within } = parts
  const { limit, wants } = question
  const stretches: Stretch[] = []
  let at = question.from < within.start ? within.start : question.from
  const walk = new Walk(parts, at)
  for (let steps = 0; at < within.end; steps += 1) {
    if (stretches.length >= limit || steps >= stepsMax) return { stretches, next: at }
    const stretch = walk.next(at)
    if (wants(stretch)) stretches.push(stretch)
    at = stretch.end as Address
  }
  return { stretches }
}

interface Offered extends AddressRange {
  /** Absent: no pod may have these. */
  readonly pool?: string
}

class Walk {
  readonly #parts: CensusParts
  readonly #offered: readonly Offered[]
  readonly #told: readonly Address[]
  #run = 0
  #offer = 0
  #story = 0

  constructor(parts: CensusParts, from: Address) {
    this.#parts = parts
    const { within, pools, reserved, stories } = parts
    const rest = AddressSet.of(from < within.end ? [{ start: from, end: within.end }] : [])
    const named = pools.flatMap(({ name, usable }) =>
      [...usable.intersect(rest).ranges()].map((range): Offered => ({ ...range, pool: name }))
    )
    this.#offered = [
      ...named,
      ...reserved.subtract(AddressSet.of(named)).intersect(rest).ranges()
    ].sort((a, b) => (a.start < b.start ? -1 : 1))
    this.#told = [...stories.keys()]
      .filter(address => address >= from)
      .sort((a, b) => (a < b ? -1 : 1))
  }

  /** The stretch that begins here; each begins where the one before has ended. */
  next(at: Address): Stretch {
    const { me, runs, stories, within } = this.#parts
    while ((runs[this.#run]?.end ?? within.end) <= at) this.#run += 1
    while ((this.#offered[this.#offer]?.end ?? within.end) <= at) this.#offer += 1
    while ((this.#told[this.#story] ?? within.end) < at) this.#story += 1
    const run = runs[this.#run]
    const offer = this.#offered[this.#offer]
    const owner = run !== undefined && run.start <= at ? run.register.owner : undefined
    const offered = offer !== undefined && offer.start <= at ? offer : undefined
    const base = {
      start: at,
      ...(owner !== undefined && { owner }),
      ...(offered?.pool !== undefined && { pool: offered.pool })
    }
    const story = this.#told[this.#story] === at ? stories.get(at) : undefined
    if (story !== undefined) return { ...base, ...story, end: at + 1n }
    const ends = [within.end, this.#told[this.#story] ?? within.end]
    for (const one of [run, offer]) if (one) ends.push(one.start > at ? one.start : one.end)
    const end = ends.reduce((least, one) => (one < least ? one : least))
    return { ...base, end, state: stateOf(owner, me, offered) }
  }
}

/** In the order of GET /v1/map. */
function stateOf(
  owner: MemberIndex | undefined,
  me: MemberIndex | undefined,
  offered: Offered | undefined
): AddressState {
  if (owner === retired) return 'retired'
  if (offered === undefined) return 'outside'
  if (offered.pool === undefined) return 'reserved'
  if (owner === undefined) return 'unclaimed'
  return owner === me ? 'free' : 'held'
}
