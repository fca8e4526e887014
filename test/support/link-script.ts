// LinkProber in memory: a link of which a test says who is on it. Keeps what it was asked and told.

import type { Address } from '../../src/core/address.ts'
import type { Mac } from '../../src/core/link/mac.ts'
import type { SightingKind } from '../../src/core/link/sighting.ts'
import type { AddressVerdict, ProbeTarget } from '../../src/core/link/verdict.ts'
import type {
  LinkAnswer,
  LinkOrder,
  LinkProber,
  LinkQuestion,
  ProbeObstacle
} from '../../src/ports/link-prober.ts'

interface Squatter {
  readonly mac: Mac
  readonly how: SightingKind
}

export class ScriptedLink implements LinkProber {
  readonly asked: LinkQuestion[] = []
  readonly announced: LinkOrder[] = []
  readonly #squatters = new Map<Address, Squatter>()
  readonly #gateways = new Map<Address, Mac>()
  #obstacle: ProbeObstacle | undefined
  #isSlow = false
  #held: (() => void)[] | undefined
  #isClosed = false

  /** Somebody has this address from now on. */
  squat(address: Address, mac: Mac, how: SightingKind = 'Reply'): void {
    this.#squatters.set(address, { mac, how })
  }

  /** Whoever had this address is gone, and a gateway too. */
  leave(address: Address): void {
    this.#squatters.delete(address)
    this.#gateways.delete(address)
  }

  /** There is a gateway with this address from now on. */
  route(gateway: Address, mac: Mac): void {
    this.#gateways.set(gateway, mac)
  }

  /** No question can be answered from now on, or (undefined) again. */
  obstruct(why: ProbeObstacle | undefined): void {
    this.#obstacle = why
  }

  /** Whether budgets end before anything but a conflict is decided. */
  set isSlow(isSlow: boolean) {
    this.#isSlow = isSlow
  }

  /** Answers wait until `release`. What they say is decided when they are given. */
  hold(): void {
    this.#held ??= []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const resume of held) resume()
  }

  async probe(question: LinkQuestion): Promise<LinkAnswer> {
    this.asked.push(question)
    await new Promise<void>(resolve => {
      if (this.#held === undefined || this.#isClosed) resolve()
      else this.#held.push(resolve)
    })
    const why = this.#isClosed ? 'Closed' : this.#obstacle
    if (why !== undefined) return { type: 'NotPossible', why, detail: `as scripted: ${why}` }
    return { type: 'Probed', verdicts: question.targets.map(target => this.#verdict(target)) }
  }

  announce(order: LinkOrder): Promise<void> {
    if (!this.#isClosed) this.announced.push(order)
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.release()
    return Promise.resolve()
  }

  #verdict({ address, conflict, gateway }: ProbeTarget): AddressVerdict {
    const squatter = this.#squatters.get(address)
    const router = gateway === undefined ? undefined : this.#gateways.get(gateway)
    const isNoticed = conflict || (gateway !== undefined && router === undefined)
    if (squatter !== undefined && isNoticed) {
      return { address, conflict: { type: 'Conflict', ...squatter } }
    }
    const undecided = { type: 'Undecided' } as const
    return {
      address,
      ...(conflict && { conflict: this.#isSlow ? undecided : { type: 'Free' } }),
      ...(gateway !== undefined && {
        gateway: this.#isSlow
          ? undecided
          : router === undefined
            ? { type: 'Unreachable' }
            : { type: 'Reachable', mac: router }
      })
    }
  }
}
