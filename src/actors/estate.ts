// Addresses in unusual places: used here though custody is elsewhere, to be given up, to be given away before
// the node leaves, or asked for by name.

import { type Address, formatAddress } from '../core/address.ts'
import type { MemberIndex } from '../core/lease/register.ts'
import { resolve } from '../core/registry/cluster-view.ts'
import type { Desk } from './desk.ts'
import type { Fetched } from './messages/broker.ts'
import type { Lack } from './messages/subnet.ts'

/** How often custody is asked for of addresses that pods here have, and of how many at a time. */
const orphanRetryMs = 5_000
const orphansAtOnce = 16
/** Bounds one transaction of giving up. */
const retiredAtOnce = 64

export class Estate {
  readonly #desk: Desk
  /** Which orphans have been asked for, and when. */
  readonly #asked = new Map<Address, number>()
  /** What people have been told already. */
  readonly #said = new Set<Address>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** What is drained and no longer used goes for good. */
  retire(): void {
    const desk = this.#desk
    const ranges = desk.custody.retirable().slice(0, retiredAtOnce)
    if (ranges.length > 0) desk.commit(desk.custody.planRetire(ranges))
  }

  /** Pods of this node live on addresses whose custody is elsewhere: ask for exactly those. */
  adoptOrphans(): void {
    const { custody } = this.#desk
    if (custody.me === undefined) return
    const now = this.#desk.now()
    let count = 0
    for (const { start, end } of custody.orphans().ranges()) {
      for (let at = start; at < end && count < orphansAtOnce; at = (at + 1n) as Address) {
        if (now - (this.#asked.get(at) ?? -orphanRetryMs) < orphanRetryMs) continue
        this.#asked.set(at, now)
        count += 1
        this.#adopt(at)
      }
    }
    if (count === 0 && custody.orphans().isEmpty) this.#asked.clear()
  }

  #adopt(address: Address): void {
    const owner = this.#ownerOf(address)
    if (owner === undefined || owner === this.#desk.custody.me) return
    const { neighbours } = this.#desk
    const replyTo = (fetched: Fetched) => this.#adopted(address, fetched)
    neighbours.broker.insist({ type: 'Fetch', address, owner, replyTo })
  }

  #adopted(address: Address, fetched: Fetched): void {
    if (fetched.type !== 'Denied' || fetched.no.reason !== 'InUse' || this.#said.has(address))
      return
    this.#said.add(address)
    const { custody, book, log } = this.#desk
    const there = custody.view.members.get(fetched.from)?.node
    log.error(
      {
        address: formatAddress(address),
        here: book.holderOf(address),
        there: fetched.no.holder,
        node: there
      },
      'DUPLICATE_LIVE_IP: two live pods have one address; delete one of them'
    )
  }

  /** Bring an address here: for a pod that asks for it by name, or for an operator. */
  fetch(
    address: Address,
    replyTo: (fetched: Fetched | { readonly type: 'Here' | 'Unknown' }) => void
  ): void {
    const { custody, neighbours } = this.#desk
    const owner = this.#ownerOf(address)
    if (owner === undefined) return replyTo({ type: 'Unknown' })
    if (owner === custody.me) return replyTo({ type: 'Here' })
    neighbours.broker.insist({ type: 'Fetch', address, owner, replyTo })
  }

  /** Why an address that was asked for by name did not come. */
  lackOf(address: Address, fetched: Fetched | { readonly type: 'Here' | 'Unknown' }): Lack {
    const { custody } = this.#desk
    const none = { pool: this.#desk.domain, total: 0n, used: 0n, cooling: 0n, free: 0n }
    if (fetched.type === 'Denied' && fetched.no.reason === 'Busy') {
      return { type: 'Pending', usage: none, isCooling: true }
    }
    if (fetched.type !== 'Unanswered') return { type: 'Pending', usage: none }
    const node = custody.view.members.get(fetched.owner)?.node ?? String(fetched.owner)
    return { type: 'HeldBy', address, node }
  }

  /** Who answers for it, as far as is known here. */
  #ownerOf(address: Address): MemberIndex | undefined {
    const { custody } = this.#desk
    const register = custody.map.at(address)
    return register && resolve(custody.view, register.owner)?.index
  }
}
