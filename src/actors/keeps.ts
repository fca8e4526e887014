// For whom this node keeps addresses of one subnet. Only their owner writes that down, and writing it down neither
// takes an address from anybody nor gives it to anybody: it says who may have it next.

import { type Address, formatAddress } from '../core/address.ts'
import type { Bind } from '../core/lease/bind.ts'
import type { Desk } from './desk.ts'

export class Keeps {
  readonly #desk: Desk
  /** How long an address is kept for somebody who does not come back; without it until the owner is gone. */
  readonly #keepMs: number | undefined
  /** Since when nobody has had what is kept here. */
  readonly #idleSince = new Map<Address, number>()

  constructor(desk: Desk, keepMs: number | undefined) {
    this.#desk = desk
    this.#keepMs = keepMs
  }

  keep(address: Address, bind: Bind): void {
    const now = this.#desk.custody.binds.get(address)
    const isKnown = now?.holder === bind.holder && now.generation >= bind.generation
    if (!isKnown) this.#write(address, bind)
  }

  /** `bind`: what was known when it was decided. */
  unkeep(address: Address, bind: Bind, why: string): void {
    const now = this.#desk.custody.binds.get(address)
    if (now?.holder !== bind.holder || now.generation !== bind.generation) return
    if (!this.#write(address, undefined)) return
    this.#desk.log.info(
      { address: formatAddress(address), holder: bind.holder, why },
      'an address is kept for nobody any more'
    )
  }

  /** What nobody came back for in time is free for all. */
  tick(): void {
    const keepMs = this.#keepMs
    if (keepMs === undefined) return
    const { custody, book } = this.#desk
    const now = this.#desk.now()
    const idle = new Set<Address>()
    for (const [address, bind] of custody.binds.entries()) {
      if (!book.mine.has(address) || book.holderOf(address) !== undefined) continue
      idle.add(address)
      const since = this.#idleSince.get(address) ?? now
      this.#idleSince.set(address, since)
      if (now - since >= keepMs) this.unkeep(address, bind, 'nobody came back for it in time')
    }
    for (const address of this.#idleSince.keys()) {
      if (!idle.has(address)) this.#idleSince.delete(address)
    }
  }

  /** False when it is not this node's to say now; it is asked again. */
  #write(address: Address, bind: Bind | undefined): boolean {
    const { custody, isUnconfirmed, isEnded } = this.#desk
    // Who may have forgotten something writes nothing, and who has no future neither.
    if (isUnconfirmed || isEnded || custody.me === undefined) return false
    if (custody.map.at(address)?.owner !== custody.me || custody.isContested(address)) return false
    if (!this.#desk.commit(custody.planBind(address, bind))) return false
    const { domain: subnet } = this.#desk
    this.#desk.note({ type: 'Kept', subnet, address, holder: bind?.holder })
    return true
  }
}
