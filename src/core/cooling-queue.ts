// Addresses that cool down in one place, oldest first, and which of them may serve before their time.

import type { Address } from './address.ts'
import { assert } from './assert.ts'
import type { CooldownPolicy, Cooling } from './cooldown.ts'

/** `vacated`: nobody can be using the address any more. */
export interface CoolingEntry {
  readonly cooling: Cooling
  readonly vacated: boolean
}

/** How many cooling addresses are worth a look at their old namespaces at a time: file system calls. */
const suspectsMax = 16

export class CoolingQueue {
  readonly #policy: CooldownPolicy
  #warm = new Map<Address, Cooling>()
  #vacated = new Map<Address, Cooling>()
  /** When the youngest was released, and whether some were put behind it that are older. */
  #latest = -Infinity
  #isSorted = true

  constructor(policy: CooldownPolicy) {
    this.#policy = policy
  }

  get size(): number {
    return this.#warm.size + this.#vacated.size
  }

  *entries(): Generator<CoolingEntry> {
    for (const cooling of this.#warm.values()) yield { cooling, vacated: false }
    for (const cooling of this.#vacated.values()) yield { cooling, vacated: true }
  }

  put({ cooling, vacated }: CoolingEntry): void {
    const queue = vacated ? this.#vacated : this.#warm
    queue.set(cooling.address, cooling)
    if (cooling.since < this.#latest) this.#isSorted = false
    else this.#latest = cooling.since
  }

  remove(address: Address): CoolingEntry | undefined {
    const cooling = this.#warm.get(address) ?? this.#vacated.get(address)
    if (cooling === undefined) return undefined
    this.#warm.delete(address)
    return { cooling, vacated: this.#vacated.delete(address) }
  }

  /** The old namespace of this cooling address is verified gone. It may have been used again since. */
  vacate({ address, since, sandbox }: Cooling): void {
    const cooling = this.#warm.get(address)
    if (cooling?.since !== since || cooling.sandbox !== sandbox) return
    this.#warm.delete(address)
    this.#vacated.set(address, cooling)
    this.#isSorted = false
  }

  /** What may serve next, of those that are not `except`, although its time is not over. */
  nextEarly(now: number, except: (address: Address) => boolean): Cooling | undefined {
    this.#sort()
    const may = ({ address }: Cooling) => !except(address)
    const vacated = this.#vacated.values().find(may)
    const oldest = this.#warm.values().find(may)
    return (
      vacated ?? (oldest !== undefined && this.readyInMs(oldest, now) <= 0 ? oldest : undefined)
    )
  }

  /** All that may serve although their time is not over. */
  early(now: number): Address[] {
    const warm = [...this.#warm.values()].filter(cooling => this.readyInMs(cooling, now) <= 0)
    return [...this.#vacated.keys(), ...warm.map(({ address }) => address)]
  }

  /** When this very address would do, as long as it is not vacated; undefined when it may serve now. */
  waitFor(address: Address, now: number): { cooling: Cooling; readyInMs: number } | undefined {
    const cooling = this.#warm.get(address)
    const readyInMs = cooling === undefined ? 0 : this.readyInMs(cooling, now)
    return cooling === undefined || readyInMs <= 0 ? undefined : { cooling, readyInMs }
  }

  readyInMs({ since }: Cooling, now: number): number {
    return since + this.#policy.scarceMs - now
  }

  /** The oldest that are not vacated: those that are worth a look. */
  suspects(): Cooling[] {
    this.#sort()
    return [...this.#warm.values().take(suspectsMax)]
  }

  /** Take out what has cooled long enough. */
  end(now: number): Address[] {
    this.#sort()
    const ended: Address[] = []
    for (const queue of [this.#warm, this.#vacated]) {
      for (const { address, since } of queue.values()) {
        if (now - since < this.#policy.normalMs) break
        queue.delete(address)
        ended.push(address)
      }
    }
    return ended
  }

  /** Cancelled reservations, gains and what the store remembers come in any order; most come in theirs. */
  #sort(): void {
    if (this.#isSorted) return
    const byAge = ([, a]: [Address, Cooling], [, b]: [Address, Cooling]) => a.since - b.since
    this.#warm = new Map([...this.#warm].sort(byAge))
    this.#vacated = new Map([...this.#vacated].sort(byAge))
    this.#isSorted = true
  }

  /** Throws when an address cools twice. */
  checkInvariants(): void {
    assert(![...this.#warm.keys()].some(a => this.#vacated.has(a)), 'cooling in one place')
  }
}
