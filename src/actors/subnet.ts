// SUBNET, one per subnet: owns its address book and alone decides which address is used.

import { AddressBook, type Reservation } from '../core/address-book.ts'
import type { CooldownPolicy, Cooling } from '../core/cooldown.ts'
import { judgeSandbox } from '../core/sandbox.ts'
import type { PoolUsage } from '../core/refusal.ts'
import type { MonotonicMs } from '../ports/clock.ts'
import type { SandboxProbe } from '../ports/sandbox-probe.ts'
import type { Address } from '../core/address.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'

/** A burst of every pod a node may have, many times over; each waiting message is a few hundred bytes. */
const mailboxLimit = 65_536

/** How late a cool-down may end: each tick costs a look at the oldest released address. */
const cooldownTickMs = 1_000

export interface SubnetOptions {
  /** The subnet in CIDR notation. */
  readonly cidr: string
  readonly policy: CooldownPolicy
  readonly probe: SandboxProbe
  /** Puts back what the store remembers of this subnet. */
  readonly restore: (book: AddressBook) => void
  /** Hears of addresses that are free again. */
  readonly onCooled: (addresses: readonly Address[], until: MonotonicMs) => void
}

type Context = ActorContext<SubnetMessage>

interface State {
  readonly book: AddressBook
  /** A look at old namespaces is under way; one at a time is enough. */
  readonly sighting: boolean
}

export function subnet(options: SubnetOptions): Behaviour<SubnetMessage, State> {
  return {
    name: 'subnet',
    mailboxLimit,
    start: context => {
      const book = new AddressBook(options.policy)
      options.restore(book)
      context.schedule('cooldown', cooldownTickMs, { type: 'CooldownTick' })
      return { book, sighting: false }
    },
    receive: (state, message, context) => receive(state, message, context, options)
  }
}

function receive(
  state: State,
  message: SubnetMessage,
  context: Context,
  options: SubnetOptions
): State {
  const { book } = state
  const now = context.clock.monotonicMs()
  switch (message.type) {
    case 'Reserve': {
      const reservation = book.reserve(message.pool, message.holder, now)
      message.replyTo({ reservation, usage: usageFor(reservation, book) })
      return sightSuspects(state, reservation, context, options)
    }
    case 'ReserveExact': {
      const { address, pools, holder } = message
      const reservation = book.reserveExact(address, pools, holder, now)
      message.replyTo({ reservation, usage: usageFor(reservation, book) })
      return sightSuspects(state, reservation, context, options)
    }
    case 'Confirm':
      book.confirm(message.address)
      return state
    case 'Cancel':
      book.cancel(message.address)
      return state
    case 'Cool':
      book.cool(message.address, message.since, message.sandbox, message.vacated)
      return state
    case 'SetPools':
      book.setPools(message.pools)
      return state
    case 'DescribeUsage':
      message.replyTo({ pools: book.usage(), poolsInUse: book.poolsInUse() })
      return state
    case 'SuspectsSighted':
      vacateSighted(book, message.suspects, message.sightings)
      return { ...state, sighting: false }
    case 'CooldownTick': {
      const cooled = book.endCooldowns(now)
      if (cooled.length > 0) options.onCooled(cooled, now - options.policy.normalMs)
      context.schedule('cooldown', cooldownTickMs, { type: 'CooldownTick' })
      return state
    }
  }
}

function usageFor(reservation: Reservation, book: AddressBook): PoolUsage[] {
  return reservation.type === 'Exhausted' ? book.usage() : []
}

/** Scarcity: a cooling address may be used early when its old namespace is gone, so go and look. */
function sightSuspects(
  state: State,
  reservation: Reservation,
  context: Context,
  { probe }: SubnetOptions
): State {
  if (reservation.type !== 'Exhausted' || state.sighting) return state
  const suspects = reservation.suspects.filter(({ sandbox }) => sandbox !== undefined)
  if (suspects.length === 0) return state
  const sandboxes = suspects.flatMap(({ sandbox }) => sandbox ?? [])
  context.pipe(
    probe.sight(sandboxes),
    sightings => ({ type: 'SuspectsSighted', suspects, sightings }),
    () => ({ type: 'SuspectsSighted', suspects: [], sightings: [] })
  )
  return { ...state, sighting: true }
}

function vacateSighted(
  book: AddressBook,
  suspects: readonly Cooling[],
  sightings: readonly Parameters<typeof judgeSandbox>[1][]
): void {
  for (const [i, suspect] of suspects.entries()) {
    const { sandbox } = suspect
    const sighting = sightings[i]
    if (sandbox === undefined || sighting === undefined) continue
    if (judgeSandbox(sandbox, sighting).type === 'Gone') book.vacate(suspect)
  }
}
