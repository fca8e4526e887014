// BROKER, one per subnet: finds addresses at other nodes, for pods that wait and against the next burst. It
// answers nothing itself, and owns nothing but what it has heard.

import type { Address } from '../core/address.ts'
import { answerMs, Search, type Verdict } from '../core/lease/search.ts'
import type { MemberIndex } from '../core/lease/register.ts'
import type { Rules } from '../core/lease/rules.ts'
import type { Holding } from '../core/protocol.ts'
import { type ClusterView, living } from '../core/registry/cluster-view.ts'
import type { Random } from '../ports/random.ts'
import type { Answered, BrokerMessage, Fetch, MemberReachable, Need } from './messages/broker.ts'
import type { MembershipMessage } from './messages/membership.ts'
import type { Lack, SubnetMessage } from './messages/subnet.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import { lively } from './runtime/lively.ts'
import type { ActorRef } from './runtime/ref.ts'

const mailboxLimit = 65_536

/** How soon an unfinished search goes on when nobody answers. */
const searchTickMs = 50
/** As many others have a connection each, as `fullMeshMax` of the mesh says; of more only some have. */
const connectedMax = 100
/** A named address may have moved on: so many owners are asked one after the other. */
const fetchHopsMax = 4

export interface BrokerOptions {
  readonly domain: string
  readonly random: Random
  readonly rules: Rules
  readonly incarnation: string
  /** Numbers of requests, which only rise. */
  readonly nextId: () => number
  readonly view: ClusterView
  readonly subnet: ActorRef<SubnetMessage>
  readonly membership: ActorRef<MembershipMessage>
}

/** What is asked of one donor, until it has answered: the same question is the same request. */
interface Open {
  readonly id: number
  readonly pool: string
}

interface Fetching {
  readonly fetch: Fetch
  readonly owner: MemberIndex
  readonly id: number
  readonly at: number
  readonly hops: number
}

export function broker(options: BrokerOptions): Behaviour<BrokerMessage, Broker> {
  return {
    name: 'broker',
    mailboxLimit,
    start: context => new Broker(options, context),
    ...lively<BrokerMessage, Broker>()
  }
}

class Broker {
  readonly #options: BrokerOptions
  readonly #context: ActorContext<BrokerMessage>
  readonly #searches = new Map<string, Search>()
  readonly #totals = new Map<string, Need>()
  readonly #open = new Map<MemberIndex, Open>()
  readonly #fetching = new Map<Address, Fetching>()
  readonly #reachable = new Set<MemberIndex>()
  #view: ClusterView
  /** Where not everybody is connected to everybody. */
  #isLarge = false
  /** Who is reachable has changed since the searches were told. */
  #isBehind = false

  constructor(options: BrokerOptions, context: ActorContext<BrokerMessage>) {
    this.#options = options
    this.#context = context
    this.#view = options.view
  }

  describe(): unknown {
    return {
      reachable: this.#reachable,
      asked: this.#open,
      fetching: [...this.#fetching.keys()],
      needs: [...this.#totals.values()].map(({ pool, waiting, wish, own }) => ({
        pool,
        waiting,
        wish,
        own
      }))
    }
  }

  receive(message: BrokerMessage): void {
    switch (message.type) {
      case 'Need':
        return this.#need(message)
      case 'Answered':
        return this.#answered(message)
      case 'Hinted':
        for (const { pool, holding } of message.pools) {
          this.#search(pool).hint(message.member, holding)
          this.#tellOutlook(pool)
        }
        return
      case 'MemberReachable':
        return this.#memberReachable(message)
      case 'ViewAdvanced':
        this.#view = message.view
        return this.#setMembers()
      case 'Fetch':
        return this.#fetch(message, message.owner, 1)
      case 'SearchTick':
        return this.#tick()
    }
  }

  #search(pool: string): Search {
    this.#catchUp()
    const known = this.#searches.get(pool)
    if (known !== undefined) return known
    const made = new Search(() => this.#options.random.next(), this.#options.rules.accounted)
    this.#searches.set(pool, made)
    const { members, unreachable, distant } = this.#members()
    made.setMembers(members, unreachable, this.#context.clock.monotonicMs(), distant)
    return made
  }

  /** Where not everybody is connected to everybody, who has no connection is not out of reach for that. */
  #members(): {
    members: MemberIndex[]
    unreachable: Set<MemberIndex>
    distant: Set<MemberIndex>
  } {
    const others = living(this.#view)
      .filter(({ incarnation }) => incarnation !== this.#options.incarnation)
      .map(({ index }) => index)
    const unconnected = new Set(others.filter(index => !this.#reachable.has(index)))
    const none = new Set<MemberIndex>()
    this.#isLarge = others.length > connectedMax
    return this.#isLarge
      ? { members: others, unreachable: none, distant: unconnected }
      : { members: others, unreachable: unconnected, distant: none }
  }

  #setMembers(): void {
    this.#isBehind = true
    for (const pool of this.#searches.keys()) this.#go(pool)
  }

  #catchUp(): void {
    if (!this.#isBehind) return
    this.#isBehind = false
    const { members, unreachable, distant } = this.#members()
    const now = this.#context.clock.monotonicMs()
    for (const search of this.#searches.values())
      search.setMembers(members, unreachable, now, distant)
  }

  #memberReachable({ member, reachable }: MemberReachable): void {
    if (reachable) this.#reachable.add(member)
    else this.#reachable.delete(member)
    const needs = [...this.#totals.values()]
    const isIdle = needs.every(({ waiting, wish }) => waiting === 0 && wish === 0)
    // Connections of a large cluster come and go all the time, and say little: who looks for nothing reads them later.
    if (this.#isLarge && isIdle) this.#isBehind = true
    else this.#setMembers()
  }

  #need(need: Need): void {
    const { pool, waiting, wish, own, total, owners } = need
    const search = this.#search(pool)
    this.#totals.set(pool, need)
    search.need(waiting, wish, own, total)
    if (owners !== undefined) search.setOwners(owners)
    this.#tellOutlook(pool)
    this.#go(pool)
  }

  /** Ask whom the search names, or say what it has come to. */
  #go(pool: string): void {
    const search = this.#search(pool)
    const now = this.#context.clock.monotonicMs()
    for (const { to, demand, wish } of search.next(now)) this.#ask(to, pool, demand, wish)
    if (search.takeFoundNothing()) this.#options.subnet.insist({ type: 'NothingElsewhere', pool })
    const verdict = search.verdict(now)
    const waiting = this.#totals.get(pool)?.waiting ?? 0
    if (verdict !== undefined && waiting > 0) {
      const lack = this.#lackOf(pool, verdict)
      this.#options.subnet.insist({ type: 'Found', pool, lack })
    }
    if (!search.isIdle) this.#context.schedule('search', searchTickMs, { type: 'SearchTick' })
  }

  /** One open request a donor: asked again, it has the same id, and a donor grants an id once. */
  #ask(to: MemberIndex, pool: string, demand: number, wish: number): void {
    const open = this.#open.get(to)
    const id = open?.pool === pool ? open.id : this.#options.nextId()
    this.#open.set(to, { id, pool })
    const { domain } = this.#options
    const body = { type: 'Ask', domain, id, pool, demand, wish } as const
    this.#options.membership.insist({ type: 'Post', to, body })
  }

  #answered({ from, answer }: Answered): void {
    const isAwaited = this.#open.get(from)?.id === answer.id
    if (isAwaited) this.#open.delete(from)
    for (const { fetch, id, owner, hops } of this.#fetching.values()) {
      if (owner === from && id === answer.id) return this.#fetched(fetch, from, answer, hops)
    }
    if (!this.#totals.has(answer.pool)) return
    const search = this.#search(answer.pool)
    const now = this.#context.clock.monotonicMs()
    if (answer.type === 'Grant') search.granted(from, answer.holding, now)
    else if (answer.reason === 'Busy') search.repeated(from, answer.holding)
    else if (!isAwaited) search.hint(from, answer.holding)
    else search.denied(from, answer.holding, answer.referrals)
    this.#tellOutlook(answer.pool)
    this.#go(answer.pool)
  }

  #fetch(fetch: Fetch, owner: MemberIndex, hops: number): void {
    const { address, replyTo } = fetch
    const other = this.#fetching.get(address)
    if (other !== undefined && other.fetch !== fetch) {
      return replyTo({ type: 'Unanswered', owner: other.owner })
    }
    const id = this.#options.nextId()
    this.#fetching.set(address, { fetch, owner, id, at: this.#context.clock.monotonicMs(), hops })
    const { domain, membership } = this.#options
    const body = { type: 'Ask', domain, id, pool: '', demand: 1, wish: 1, exact: address } as const
    membership.insist({ type: 'Post', to: owner, body })
    this.#context.schedule('search', searchTickMs, { type: 'SearchTick' })
  }

  #fetched(fetch: Fetch, from: MemberIndex, answer: Answered['answer'], hops: number): void {
    this.#fetching.delete(fetch.address)
    if (answer.type === 'Grant') return fetch.replyTo({ type: 'Granted' })
    const next = answer.reason === 'NotOwner' ? answer.newer?.register.owner : undefined
    // The answer itself said so, and the subnet has heard it by now.
    const isMine = next === this.#view.byIncarnation.get(this.#options.incarnation)?.index
    if (next !== undefined && isMine) return fetch.replyTo({ type: 'Granted' })
    if (next === undefined || next === from || hops >= fetchHopsMax) {
      return fetch.replyTo({ type: 'Denied', no: answer, from })
    }
    this.#fetch(fetch, next, hops + 1)
  }

  #tick(): void {
    const now = this.#context.clock.monotonicMs()
    for (const [address, { fetch, owner, at }] of this.#fetching) {
      if (now - at < 2 * answerMs) continue
      this.#fetching.delete(address)
      fetch.replyTo({ type: 'Unanswered', owner })
    }
    if (this.#fetching.size > 0) {
      this.#context.schedule('search', searchTickMs, { type: 'SearchTick' })
    }
    for (const pool of this.#searches.keys()) this.#go(pool)
  }

  #tellOutlook(pool: string): void {
    const { elsewhere } = this.#search(pool)
    this.#options.subnet.insist({ type: 'Outlook', pool, elsewhere })
  }

  #lackOf(pool: string, verdict: Verdict): Lack {
    const need = this.#totals.get(pool)
    const own: Holding = need?.own ?? { free: 0, used: 0, cooling: 0, waiting: 0 }
    const count = (value: number) => BigInt(value)
    const usage = {
      pool,
      total: count(need?.total ?? 0),
      used: count(verdict.used),
      cooling: count(verdict.cooling),
      free: count(own.free)
    }
    if (verdict.type === 'Full') return { type: 'Full', usage }
    // In the same order each time: kubelet groups events by their text.
    const silent = verdict.silent
      .map(index => ({
        node: this.#view.members.get(index)?.node ?? String(index),
        owned: this.#search(pool).hinted(index)
      }))
      .sort((a, b) => (a.node < b.node ? -1 : 1))
    return { type: 'Unreachable', usage, silent }
  }
}
