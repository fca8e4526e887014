// Addresses that hosts have which are no pods of the cluster. Their custody is here, so no other node gives them
// to anybody, and this one does not either until their time is over. They are forgotten with the process: the next
// pod that gets one looks for its host again.

import type { Address } from '../core/address.ts'
import type { MonotonicMs } from '../ports/clock.ts'
import type { Desk } from './desk.ts'

/** Long enough that a pool does not run into the same host all the time, short enough that a person who has
 * taken it off the network need not do anything else. */
const quarantineMs = 10 * 60_000

export class Quarantine {
  readonly #desk: Desk
  readonly #since = new Map<Address, MonotonicMs>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  put(address: Address, mac: string): void {
    this.#desk.book.reassign(address, `a host with the hardware address ${mac}`)
    this.#since.set(address, this.#desk.now())
    this.#desk.note({ type: 'Quarantined', address, mac })
  }

  end(now: MonotonicMs): void {
    for (const [address, since] of this.#since) {
      if (now - since < quarantineMs) return
      this.#since.delete(address)
      this.#desk.book.cool(address, now, undefined, true)
      this.#desk.note({ type: 'QuarantineEnded', address })
    }
  }

  get addresses(): Iterable<Address> {
    return this.#since.keys()
  }

  /** Which, and since when. */
  entries(): Iterable<readonly [Address, MonotonicMs]> {
    return this.#since
  }

  /** A person says that the host is gone: before its time. False when the address is none of these. */
  lift(address: Address): boolean {
    if (!this.#since.delete(address)) return false
    this.#desk.book.cool(address, this.#desk.now(), undefined, true)
    this.#desk.note({ type: 'QuarantineEnded', address })
    return true
  }
}
