// SYNCHRONISER: compares notes with one member after the other, so that everybody knows everything in the end;
// and tells everybody how this node stands, so that who needs addresses knows whom to ask.

import type { MemberIndex } from '../core/lease/register.ts'
import type { Holding } from '../core/protocol.ts'
import { type ClusterView, living } from '../core/registry/cluster-view.ts'
import type { Random } from '../ports/random.ts'
import type { BrokerMessage } from './messages/broker.ts'
import type { MembershipMessage } from './messages/membership.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import type {
  DigestHeard,
  Noted,
  RumourHeard,
  SynchroniserMessage
} from './messages/synchroniser.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import { lively } from './runtime/lively.ts'
import type { ActorRef } from './runtime/ref.ts'

const mailboxLimit = 65_536

/** How often notes are compared with somebody, and soonest after a rumour that there is something else. */
const compareMs = { usual: 10_000, soon: 500 }
/** How often a node tells how it stands, at most. */
const rumourMs = 1_000
/**
 * Everybody hears every rumour, some six times over, and compares notes with whoever tells of something else. So both
 * get rarer the more nodes there are, in milliseconds for each member: ten rumours a second in all clusters.
 */
const perMemberMs = { rumour: 100, soon: 25 }
/** Above this size rumours would cost more than they bring: hints come with answers, the rest by comparing. */
const rumourMembersMax = 300

export interface SynchroniserOptions {
  readonly random: Random
  readonly incarnation: string
  readonly view: ClusterView
  readonly membership: ActorRef<MembershipMessage>
  readonly addresses: () => readonly string[]
}

export function synchroniser(
  options: SynchroniserOptions
): Behaviour<SynchroniserMessage, Synchroniser> {
  return {
    name: 'synchroniser',
    mailboxLimit,
    start: context => new Synchroniser(options, context),
    ...lively<SynchroniserMessage, Synchroniser>()
  }
}

class Synchroniser {
  readonly #options: SynchroniserOptions
  readonly #context: ActorContext<SynchroniserMessage>
  readonly #notes = new Map<string, Noted>()
  readonly #reachable = new Set<MemberIndex>()
  #subnets: ReadonlyMap<string, ActorRef<SubnetMessage>> = new Map()
  #brokers: ReadonlyMap<string, ActorRef<BrokerMessage>> = new Map()
  #view: ClusterView
  /** Who knows something else, as rumour has it. */
  #suspect: MemberIndex | undefined
  /** What was told last: how much of the registry was known, and how each pool stood. */
  #told: { readonly registry: number; readonly holdings: ReadonlyMap<string, Holding> } | undefined
  #rumours = 0

  constructor(options: SynchroniserOptions, context: ActorContext<SynchroniserMessage>) {
    this.#options = options
    this.#context = context
    this.#view = options.view
    this.#scheduleCompare(compareMs.usual * options.random.next())
    context.schedule('rumour', rumourMs, { type: 'RumourTick' })
  }

  describe(): unknown {
    const notes = [...this.#notes.values()].map(({ domain, hash, pools }) => ({
      domain,
      hash,
      pools
    }))
    return { reachable: this.#reachable, suspects: this.#suspect, rumours: this.#rumours, notes }
  }

  receive(message: SynchroniserMessage): void {
    switch (message.type) {
      case 'Noted':
        this.#notes.set(message.domain, message)
        return
      case 'DigestHeard':
        return this.#compared(message)
      case 'RumourHeard':
        return this.#rumourHeard(message)
      case 'MemberReachable':
        if (message.reachable) this.#reachable.add(message.member)
        else this.#reachable.delete(message.member)
        // Nobody has heard what was told before.
        if (message.reachable && this.#reachable.size === 1) this.#told = undefined
        // Somebody new, or back: the sooner both know the same the better.
        if (message.reachable) this.#suspectOf(message.member)
        return
      case 'SubnetsChanged':
        this.#subnets = message.subnets
        return
      case 'BrokersChanged':
        this.#brokers = message.brokers
        return
      case 'ViewAdvanced':
        this.#view = message.view
        return
      case 'CompareTick':
        return this.#compare()
      case 'RumourTick':
        return this.#tell()
    }
  }

  #compare(): void {
    const { random, membership } = this.#options
    const reachable = [...this.#reachable]
    const chosen = this.#suspect ?? reachable[Math.floor(random.next() * reachable.length)]
    this.#suspect = undefined
    if (chosen !== undefined && this.#reachable.has(chosen)) {
      const domains = [...this.#notes.values()].map(({ domain, hash }) => ({ domain, hash }))
      membership.insist({ type: 'Post', to: chosen, body: { type: 'Digest', domains } })
    }
    this.#scheduleCompare(compareMs.usual * (0.75 + random.next() / 2))
  }

  #scheduleCompare(ms: number): void {
    this.#context.schedule('compare', ms, { type: 'CompareTick' })
  }

  #suspectOf(member: MemberIndex): void {
    if (this.#suspect !== undefined) return
    this.#suspect = member
    const members = living(this.#view).length
    const soon = Math.max(compareMs.soon, perMemberMs.soon * members)
    const pause = Math.min(soon, compareMs.usual)
    this.#scheduleCompare(pause * (0.5 + this.#options.random.next()))
  }

  #compared({ from, digest }: DigestHeard): void {
    const theirs = new Map(digest.domains.map(({ domain, hash }) => [domain, hash]))
    for (const [domain, { hash }] of this.#notes) {
      if (theirs.get(domain) === hash) continue
      this.#subnets.get(domain)?.insist({ type: 'Reconcile', member: from })
    }
  }

  #rumourHeard({ from, rumour }: RumourHeard): void {
    for (const { domain, hash, pools } of rumour.domains) {
      this.#brokers.get(domain)?.tell({ type: 'Hinted', member: from, pools })
      const own = this.#notes.get(domain)
      if (own !== undefined && own.hash !== hash && this.#reachable.has(from)) this.#suspectOf(from)
    }
  }

  /**
   * Only what is new and its own is worth telling: if each node that has learnt of a change told everybody, one
   * change would cost as many rumours as there are nodes.
   */
  #tell(): void {
    const members = living(this.#view).length
    const pause = Math.max(rumourMs, perMemberMs.rumour * Math.min(members, rumourMembersMax))
    this.#context.schedule('rumour', pause * (0.75 + this.#options.random.next() / 2), {
      type: 'RumourTick'
    })
    if (members < 2 || members > rumourMembersMax) return
    const pools = [...this.#notes.values()].flatMap(note => note.pools)
    const holdings = new Map(pools.map(({ pool, holding }) => [pool, holding]))
    if (!this.#isNews(holdings)) return
    this.#told = { registry: this.#view.index, holdings }
    const domains = [...this.#notes.values()].map(({ domain, hash, pools }) => ({
      domain,
      hash,
      pools
    }))
    this.#rumours += 1
    const { membership, addresses } = this.#options
    membership.insist({
      type: 'Publish',
      body: { type: 'Rumour', n: this.#rumours, addresses: [...addresses()], domains }
    })
  }

  #isNews(holdings: ReadonlyMap<string, Holding>): boolean {
    const told = this.#told
    if (told?.registry !== this.#view.index || told.holdings.size !== holdings.size) return true
    return [...holdings].some(([pool, holding]) => {
      const last = told.holdings.get(pool)
      return last === undefined || !isLike(last, holding)
    })
  }
}

const counts = ['free', 'used', 'cooling', 'waiting'] as const

/** A pod more or less is no news; that there is nothing left, or twice as much, is. */
function isLike(a: Holding, b: Holding): boolean {
  return counts.every(count => {
    const [low, high] = a[count] < b[count] ? [a[count], b[count]] : [b[count], a[count]]
    return high + 1 < 2 * (low + 1)
  })
}
