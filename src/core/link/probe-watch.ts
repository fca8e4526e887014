// One question about one or several addresses, as a machine that is told of frames and of time. Whoever has it
// sends what is due, shows it what arrives, and calls again when it says so.

import { assert } from '../assert.ts'
import { familyOf } from '../address.ts'
import { AddressWatch, type Outgoing } from './address-watch.ts'
import type { Mac } from './mac.ts'
import { sightingIn } from './sighting.ts'
import type { AddressVerdict, ProbeTarget } from './verdict.ts'
import type { Pacing } from './volley.ts'

export interface ProbeOrder {
  /** Of the interface that asks. */
  readonly mac: Mac
  readonly targets: readonly ProbeTarget[]
  readonly pacing: Pacing
  /** When whatever is open becomes `Undecided`. */
  readonly deadlineMs: number
}

export class ProbeWatch {
  readonly #mac: Mac
  readonly #deadlineMs: number
  readonly #watches: readonly AddressWatch[]
  #isLate = false

  constructor({ mac, targets, pacing, deadlineMs }: ProbeOrder, nowMs: number) {
    for (const { address, gateway } of targets) {
      const isOneFamily = gateway === undefined || familyOf(gateway) === familyOf(address)
      assert(isOneFamily, 'a gateway is of the family of its address')
    }
    assert(
      [pacing.conflict, pacing.gateway].every(({ tries }) => tries >= 1),
      'what is never asked is never answered'
    )
    this.#mac = mac
    this.#deadlineMs = deadlineMs
    this.#watches = targets.map(target => new AddressWatch(target, mac, pacing, nowMs))
  }

  get isDone(): boolean {
    return this.#isLate || this.#watches.every(watch => watch.isDone)
  }

  /** When to call `due` again; without meaning when done. Earlier calls do no harm. */
  get nextMs(): number {
    return Math.min(this.#deadlineMs, ...this.#watches.map(watch => watch.nextMs))
  }

  /** A frame has arrived; anything may be in it. */
  see(frame: Uint8Array): void {
    const sighting = sightingIn(frame, this.#mac)
    if (sighting === undefined || this.#isLate) return
    for (const watch of this.#watches) watch.see(sighting)
  }

  /**
   * Draw the conclusions of time and give what is to be sent now. What does not get away is given again. Frames
   * that have arrived are to be shown before: silence is concluded from what was shown.
   */
  due(nowMs: number): Outgoing[] {
    for (const watch of this.#watches) watch.pass(nowMs)
    if (nowMs >= this.#deadlineMs) this.#isLate = true
    return this.isDone ? [] : this.#watches.flatMap(watch => watch.due(nowMs))
  }

  /** In the order of the targets; final when done. */
  verdicts(): readonly AddressVerdict[] {
    return this.#watches.map(watch => watch.verdict())
  }
}
