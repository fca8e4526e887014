// The actors of one subnet belong together: subnet, broker and inquest. Here they are spawned, and all of them
// told what concerns every subnet.

import { AddressBook } from '../core/address-book.ts'
import type { Address } from '../core/address.ts'
import type { IpPool } from '../core/ip-pool.ts'
import { Custody } from '../core/lease/custody.ts'
import type { RequestIds } from '../core/lease/request-ids.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import type { StoredState } from '../ports/attachment-store.ts'
import type { MonotonicMs } from '../ports/clock.ts'
import type { StoredDomain } from '../ports/lease-changes.ts'
import type { OnKept } from './aftermath.ts'
import { broker } from './broker.ts'
import type { HouseParts } from './house.ts'
import { inquest } from './inquest.ts'
import type { BrokerMessage, MemberReachable } from './messages/broker.ts'
import type { InquestMessage } from './messages/inquest.ts'
import type { MembershipMessage, ViewAdvanced } from './messages/membership.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import type { SynchroniserMessage } from './messages/synchroniser.ts'
import { type Remembered, restoreBook } from './restore.ts'
import type { Spawner } from './runtime/behaviour.ts'
import type { ActorRef } from './runtime/ref.ts'
import { Relay } from './runtime/relay.ts'
import { subnet } from './subnet.ts'

/** The actors of the whole node that those of a subnet talk to. */
export interface Officials {
  readonly membership: ActorRef<MembershipMessage>
  readonly synchroniser: ActorRef<SynchroniserMessage>
  readonly secretary: ActorRef<SecretaryMessage>
}

export interface QuarterOptions {
  readonly spawner: Spawner
  readonly parts: HouseParts
  readonly state: StoredState
  readonly poolsOf: ReadonlyMap<string, readonly IpPool[]>
  readonly remembered: ReadonlyMap<string, Remembered>
  readonly incarnation: string
  readonly requests: RequestIds
  /** The registry as it is known now. */
  readonly view: () => ClusterView
  readonly watched: <Message>(actor: ActorRef<Message>) => ActorRef<Message>
  readonly onCooled: (addresses: readonly Address[], until: MonotonicMs) => void
  readonly onKept: (subnet: string, ...news: Parameters<OnKept>) => void
}

const unknownDomain: StoredDomain = {
  runs: [],
  marks: new Map(),
  heard: new Map(),
  grants: [],
  asked: new Map(),
  contests: []
}

export class Quarter {
  /** By CIDR. */
  readonly subnets = new Map<string, ActorRef<SubnetMessage>>()
  readonly #options: QuarterOptions
  readonly #brokers = new Map<string, ActorRef<BrokerMessage>>()
  readonly #inquests = new Map<string, ActorRef<InquestMessage>>()
  readonly #reachable = new Set<number>()
  /** Subnets that have not been cleared since the machine was started. */
  readonly #uncleared = new Set<string>()
  #isConfirmed: boolean
  #isDraining: boolean
  #officials: Officials | undefined

  constructor(options: QuarterOptions) {
    this.#options = options
    const { boot, isDraining } = options.state.leases.identity
    this.#isConfirmed = boot === options.parts.boot
    this.#isDraining = isDraining
  }

  open(officials: Officials): void {
    this.#officials = officials
  }

  spawn(cidr: string): ActorRef<SubnetMessage> {
    const known = this.subnets.get(cidr)
    if (known !== undefined) return known
    const { spawner, watched, parts, state, incarnation, requests } = this.#options
    const { random, rules, log, confirm, store, boot, cooldown, probe, chronicle } = parts
    const officials = this.#officials
    if (officials === undefined) throw new Error('a quarter opens before its subnets')
    const view = this.#options.view()
    const relay = new Relay<SubnetMessage>('subnet')
    const shared = { domain: cidr, random, rules, incarnation, view, subnet: relay, ...officials }
    const { opened } = state.leases.identity
    const nextId = () => requests.next(opened)
    const path = `subnet/${cidr}`
    const brokerRef = watched(
      spawner.spawn({ ...broker({ ...shared, nextId }), path: `${path}/broker` })
    )
    const inquestRef = watched(
      spawner.spawn({ ...inquest({ ...shared, log, confirm }), path: `${path}/inquest` })
    )
    if (!this.#isConfirmed) this.#uncleared.add(cidr)
    const subnetRef = watched(
      spawner.spawn({
        ...subnet({
          ...{ store, log, chronicle, boot, incarnation, rules, probe },
          onEnded: parts.onEnded,
          custody: this.#restore(cidr, view),
          pools: this.#options.poolsOf.get(cidr) ?? [],
          normalMs: cooldown.normalMs,
          neighbours: { ...officials, broker: brokerRef, inquest: inquestRef },
          onCooled: this.#options.onCooled,
          keepMs: parts.fixed.keepMs,
          onKept: (news, me) => this.#options.onKept(cidr, news, me),
          isUnconfirmed: !this.#isConfirmed,
          isDraining: this.#isDraining,
          onCleared: () => this.#cleared(cidr)
        }),
        path
      })
    )
    relay.point(subnetRef)
    this.subnets.set(cidr, subnetRef)
    this.#brokers.set(cidr, brokerRef)
    this.#inquests.set(cidr, inquestRef)
    for (const member of this.#reachable) {
      const message = { type: 'MemberReachable', member, reachable: true } as const
      subnetRef.insist(message)
      brokerRef.insist(message)
    }
    const subnets = new Map(this.subnets)
    officials.membership.insist({ type: 'SubnetsChanged', subnets })
    officials.synchroniser.insist({ type: 'SubnetsChanged', subnets })
    officials.synchroniser.insist({ type: 'BrokersChanged', brokers: new Map(this.#brokers) })
    return subnetRef
  }

  advance(advanced: ViewAdvanced): void {
    for (const actor of this.subnets.values()) actor.insist(advanced)
    for (const actor of this.#brokers.values()) actor.insist(advanced)
    for (const actor of this.#inquests.values()) actor.insist(advanced)
  }

  drain(isDraining: boolean): void {
    this.#isDraining = isDraining
    for (const actor of this.subnets.values()) {
      actor.insist({ type: 'DrainNode', isOver: !isDraining })
    }
  }

  reach(message: MemberReachable): void {
    if (message.reachable) this.#reachable.add(message.member)
    else this.#reachable.delete(message.member)
    for (const actor of this.subnets.values()) actor.insist(message)
    for (const actor of this.#brokers.values()) actor.insist(message)
  }

  #restore(cidr: string, view: ClusterView): Custody {
    const { parts, state, poolsOf, remembered, incarnation } = this.#options
    const book = new AddressBook(parts.cooldown)
    restoreBook(book, poolsOf.get(cidr) ?? [], remembered.get(cidr), state.cursors, parts.boot)
    const stored = state.leases.domains.get(cidr) ?? unknownDomain
    return new Custody(cidr, book, stored, view, incarnation)
  }

  /** When every subnet was looked into, this boot needs it no more. */
  #cleared(cidr: string): void {
    const { store, boot, log } = this.#options.parts
    if (!this.#uncleared.delete(cidr) || this.#uncleared.size > 0) return
    try {
      store.commit([{ type: 'ConfirmBoot', boot }])
      this.#isConfirmed = true
    } catch (error) {
      log.warn({ error }, 'that this boot is confirmed could not be noted; it is looked into again')
    }
  }
}
