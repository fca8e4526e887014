// One ADD on its way: which of its claims are satisfied, and whom to ask next. Pure but for being changed
// in place; the admission sends what it says and gives it what comes back.

import type { Address, Family } from '../core/address.ts'
import type { Reservation } from '../core/reservation.ts'
import type { Attachment } from '../core/attachment.ts'
import { assert } from '../core/assert.ts'
import type { Squatted } from '../core/detection.ts'
import type { ClientId } from '../core/deliveries.ts'
import type { IpPool } from '../core/ip-pool.ts'
import type { PoolUsage, Refusal } from '../core/refusal.ts'
import type { Allocate } from './messages/allocator.ts'
import type { Lack, SubnetMessage } from './messages/subnet.ts'
import { isBefore, type Moment, type Sandbox } from '../core/sandbox.ts'
import { type Attempt, attemptsOf, type Claim, claimsOf } from '../core/selection/claims.ts'
import type { Decision, Reserved } from '../core/selection/decision.ts'
import type { ActorRef } from './runtime/ref.ts'

export interface Waiter {
  readonly client: ClientId
  readonly sandbox: Sandbox
  readonly replyTo: Allocate['replyTo']
}

/** An address that is reserved for this errand, for which interface, and where to confirm or cancel it. */
export interface Holding {
  readonly ifname: string
  readonly address: Address
  readonly pool: IpPool
  readonly subnet: ActorRef<SubnetMessage>
}

/** What is known of it since the decision. */
export interface OpenReservation {
  readonly keeper: string
  readonly family: Family
  readonly addresses: readonly Address[]
}

/** How often an ADD that waits for a cooling address looks again: its old namespace may be gone by now. */
const retryMsMax = 100
/** How often is looked whether the earlier life of a pod has let its address go, which another node may have to say. */
const handOverMs = { first: 100, most: 800 }

/** What to do next. */
export type Step =
  | { readonly type: 'Ask'; readonly claim: Claim; readonly attempt: Attempt }
  | { readonly type: 'Complete' }
  | { readonly type: 'WaitFor'; readonly ms: number; readonly refusal: Refusal }
  | { readonly type: 'Refuse'; readonly refusal: Refusal }

export class Errand {
  readonly id: number
  readonly request: Allocate
  readonly holdings: Holding[] = []
  readonly waiters: Waiter[]
  /** Hosts that were found on addresses which this errand had taken. */
  readonly conflicts: Squatted[] = []
  /** Nobody else on the link has its addresses. */
  isProven = false
  /** What was decided with an earlier interface of the sandbox and becomes this one's. */
  adopts: Attachment | undefined
  #decision: Decision
  #claims: readonly Claim[]
  #attempts: readonly Attempt[] = []
  #handOvers = 0
  #usage: PoolUsage[] = []
  #readyInMs: number | undefined
  #lack: Lack | undefined

  constructor(id: number, request: Allocate, decision: Decision, adopts?: Attachment) {
    this.id = id
    this.request = request
    this.waiters = [{ client: request.client, sandbox: request.sandbox, replyTo: request.replyTo }]
    this.adopts = adopts
    this.#decision = decision
    this.#claims = claimsOf(decision)
    this.#startClaim()
  }

  /** It was asked for by name, so that no other one serves. */
  isNamed(address: Address): boolean {
    return this.#decision.interfaces.some(({ families }) =>
      families.some(({ requested, kept }) => kept === address || requested.includes(address))
    )
  }

  /** For whom an address of this interface is to be kept. */
  keeperOf(ifname: string): string | undefined {
    return this.#decision.interfaces.find(one => one.ifname === ifname)?.keeper
  }

  /** What is reserved for the pod's application, when that is what it wants next and more may be added. */
  get reservation(): OpenReservation | undefined {
    const claim = this.#claims[this.holdings.length]
    const [pool] = claim?.pools ?? []
    if (claim?.type !== 'Reserved' || claim.keeper === undefined || pool === undefined) return
    if (claim.addresses.length >= claim.size) return
    return { keeper: claim.keeper, family: pool.family, addresses: claim.addresses }
  }

  get decision(): Decision {
    return this.#decision
  }

  /** Of several lives that wait, the attachment belongs to the latest. */
  sandbox(boot: string): Sandbox {
    return this.waiters
      .map(({ sandbox }) => sandbox)
      .reduce((a, b) => (isBefore(a.began, b.began, boot) ? b : a))
  }

  /** Take out those that a DEL of this moment has overtaken. */
  overtaken(by: Moment, boot: string): Waiter[] {
    const late = this.waiters.filter(({ sandbox }) => !isBefore(by, sandbox.began, boot))
    for (const waiter of late) this.waiters.splice(this.waiters.indexOf(waiter), 1)
    return late
  }

  /** Whom to ask now. */
  next(): Step {
    const claim = this.#claims[this.holdings.length]
    if (claim === undefined) return { type: 'Complete' }
    const [attempt] = this.#attempts
    if (attempt !== undefined) return { type: 'Ask', claim, attempt }
    if (claim.type === 'Exact' && this.#usage.length === 0) return this.#outside(claim)
    const pools = this.#usage
    if (this.#lack?.type === 'Pending' && this.#lack.isCooling) {
      // Whoever had it elsewhere has let it go.
      return this.#waitForHandOver(refusalOf(this.#lack, pools))
    }
    if (this.#readyInMs === undefined) {
      const isFull = claim.type === 'Reserved' && claim.addresses.length >= claim.size
      const refusal = isFull ? fullReservation(claim, this.#lack) : refusalOf(this.#lack, pools)
      return { type: 'Refuse', refusal }
    }
    const readyInMs = this.#readyInMs
    const refusal: Refusal = { reason: 'AddressesCooling', pools, readyInMs }
    return { type: 'WaitFor', ms: Math.min(readyInMs, retryMsMax), refusal }
  }

  /** Take in what the subnet of the pool that was asked has said. */
  receive(
    reservation: Reservation,
    usage: readonly PoolUsage[],
    subnet: ActorRef<SubnetMessage>,
    lack?: Lack
  ): Step {
    const claim = this.#claims[this.holdings.length]
    const [asked, ...others] = this.#attempts
    assert(claim !== undefined && asked !== undefined, 'only who was asked answers')
    switch (reservation.type) {
      case 'Reserved':
        this.holdings.push({
          ifname: claim.ifname,
          address: reservation.address,
          pool: reservation.pool,
          subnet
        })
        this.#startClaim()
        return this.next()
      case 'Taken': {
        assert(claim.type !== 'Next', 'only who wants a certain address meets its holder')
        if (claim.type === 'Reserved') {
          this.#attempts = others
          return this.next()
        }
        const { address, earlier } = claim
        const { type: _, ...taken } = reservation
        const refusal: Refusal = { reason: 'AddressTaken', address, ...taken }
        if (earlier === 'Ending') return this.#waitForHandOver({ ...refusal, earlier })
        return { type: 'Refuse', refusal: earlier === 'None' ? refusal : { ...refusal, earlier } }
      }
      case 'Exhausted':
        this.#usage.push(...usageOf(asked.pool, usage, lack))
        this.#readyInMs = least(this.#readyInMs, reservation.readyInMs)
        this.#lack = graver(this.#lack, lack)
        // Who is silent about one address of a reservation is silent about the others too.
        this.#attempts =
          lack?.type === 'HeldBy'
            ? others.filter(({ type }) => type === 'Next' || claim.type !== 'Reserved')
            : others
        return this.next()
      case 'Elsewhere':
      case 'Outside':
        this.#attempts = others
        return this.next()
    }
  }

  /** Begin anew: what was held has been cancelled. */
  restart(decision: Decision): void {
    this.holdings.length = 0
    this.#decision = decision
    this.#claims = claimsOf(decision)
    this.#startClaim()
  }

  #startClaim(): void {
    const claim = this.#claims[this.holdings.length]
    this.#attempts = claim === undefined ? [] : attemptsOf(claim)
    this.#usage = []
    this.#readyInMs = undefined
    this.#lack = undefined
  }

  #waitForHandOver(refusal: Refusal): Step {
    const ms = Math.min(handOverMs.first * 2 ** this.#handOvers, handOverMs.most)
    this.#handOvers += 1
    return { type: 'WaitFor', ms, refusal }
  }

  #outside({ address, pools }: Extract<Claim, { type: 'Exact' }>): Step {
    const names = pools.map(({ name }) => name)
    return { type: 'Refuse', refusal: { reason: 'AddressOutsidePools', address, pools: names } }
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}

/** How full the pool is that was asked: in the whole cluster when that is known, else here. */
function usageOf(
  asked: IpPool,
  usage: readonly PoolUsage[],
  lack: Lack | undefined
): readonly PoolUsage[] {
  if (lack !== undefined && 'usage' in lack && lack.usage.pool === asked.name) return [lack.usage]
  return usage.filter(({ pool }) => pool === asked.name)
}

/** Of what keeps several pools from serving, the one that says most: hope comes before certainty. */
const gravity: readonly Lack['type'][] = ['NotServing', 'HeldBy', 'Pending', 'Unreachable', 'Full']

function graver(a: Lack | undefined, b: Lack | undefined): Lack | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return gravity.indexOf(b.type) < gravity.indexOf(a.type) ? b : a
}

/** Others might have some that nobody uses; who is silent is not asked for all of them. */
function fullReservation({ name, size }: Reserved, lack: Lack | undefined): Refusal {
  if (lack?.type === 'HeldBy' || lack?.type === 'NotServing') return refusalOf(lack, [])
  return { reason: 'ReservationFull', name, size }
}

function refusalOf(lack: Lack | undefined, pools: readonly PoolUsage[]): Refusal {
  switch (lack?.type) {
    case 'Unreachable':
      return { reason: 'PoolUnreachable', pools, silent: lack.silent }
    case 'Pending':
      return { reason: 'AddressesPending', pools }
    case 'HeldBy':
      return { reason: 'AddressHeld', address: lack.address, node: lack.node }
    case 'NotServing':
      return { reason: 'NotServing', why: lack.why }
    case 'Full':
    case undefined:
      return { reason: 'PoolExhausted', pools }
  }
}
