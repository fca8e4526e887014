// Watches over one address: asks whether it is free, whether its gateway is there, and weighs what comes in.
//
// The gateway is asked in probe form at first, since that tells nobody anything. Some gateways do not answer it,
// so it is asked again as a request: with the address as the sender's, and so only when that has been proven.

import type { Mac } from './mac.ts'
import { probeFor, requestFor, type Sighting } from './sighting.ts'
import type { AddressVerdict, ConflictVerdict, GatewayVerdict, ProbeTarget } from './verdict.ts'
import { type Pacing, Volley } from './volley.ts'

/** A frame to be sent, and what to do when it has left. */
export interface Outgoing {
  readonly frame: Uint8Array
  left(nowMs: number): void
}

export class AddressWatch {
  readonly #target: ProbeTarget
  readonly #mac: Mac
  readonly #pacing: Pacing
  #conflict: Volley | undefined
  #gateway: Volley | undefined
  #found: ConflictVerdict | undefined
  #reached: GatewayVerdict | undefined

  constructor(target: ProbeTarget, mac: Mac, pacing: Pacing, nowMs: number) {
    this.#target = target
    this.#mac = mac
    this.#pacing = pacing
    if (target.conflict) this.#conflict = new Volley(pacing.conflict, nowMs)
    if (target.gateway !== undefined) this.#gateway = new Volley(pacing.gateway, nowMs)
  }

  get isDone(): boolean {
    if (this.#found?.type === 'Conflict') return true
    const isProven = !this.#target.conflict || this.#found !== undefined
    return isProven && (this.#target.gateway === undefined || this.#reached !== undefined)
  }

  /** When something is due or over next. */
  get nextMs(): number {
    return Math.min(...this.#open().map(volley => volley.nextMs))
  }

  /** What speaks against the address counts until all is done, also after it seemed free. */
  see({ address, mac, kind }: Sighting): void {
    if (this.isDone) return
    if (address === this.#target.address) this.#found = { type: 'Conflict', mac, how: kind }
    else if (address === this.#target.gateway && kind !== 'Probe') {
      this.#reached = { type: 'Reachable', mac }
    }
  }

  /** Draw the conclusions of time. */
  pass(nowMs: number): void {
    if (this.isDone) return
    if (this.#found === undefined && this.#conflict?.isOver(nowMs) === true) {
      this.#found = { type: 'Free' }
      // From here on the gateway is asked in the name of the address, at once.
      if (this.#gateway !== undefined) this.#gateway = new Volley(this.#pacing.gateway, nowMs)
    }
    if (this.#reached !== undefined || this.#gateway?.isOver(nowMs) !== true) return
    if (this.#found !== undefined) this.#reached = { type: 'Unreachable' }
    else this.#conflict ??= new Volley(this.#pacing.conflict, nowMs)
  }

  due(nowMs: number): Outgoing[] {
    const { address, gateway } = this.#target
    return this.#open()
      .filter(volley => volley.isDue(nowMs))
      .map(volley => {
        const asked = volley === this.#gateway ? gateway : undefined
        return { frame: this.#frameFor(address, asked), left: now => volley.left(now) }
      })
  }

  verdict(): AddressVerdict {
    const { address, conflict, gateway } = this.#target
    const found = this.#found ?? { type: 'Undecided' }
    if (found.type === 'Conflict') return { address, conflict: found }
    return {
      address,
      ...(conflict && { conflict: found }),
      ...(gateway !== undefined && { gateway: this.#reached ?? { type: 'Undecided' } })
    }
  }

  #open(): Volley[] {
    if (this.isDone) return []
    const volleys = []
    if (this.#conflict !== undefined && this.#found === undefined) volleys.push(this.#conflict)
    if (this.#gateway !== undefined && this.#reached === undefined && !this.#waitsForProof) {
      volleys.push(this.#gateway)
    }
    return volleys
  }

  /** The gateway was asked in probe form often enough; the next request has to wait for the address. */
  get #waitsForProof(): boolean {
    const isAsked = this.#conflict !== undefined && this.#found === undefined
    return isAsked && this.#gateway?.isSpent === true
  }

  #frameFor(address: ProbeTarget['address'], gateway: ProbeTarget['gateway']): Uint8Array {
    if (gateway === undefined) return probeFor(this.#mac, address)
    if (this.#found?.type !== 'Free') return probeFor(this.#mac, gateway)
    return requestFor(this.#mac, address, gateway)
  }
}
