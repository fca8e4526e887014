// Who can be reached now: peers with a connection, and the members among them whose session is believed.

import type { MemberIndex } from '../core/lease/register.ts'
import type { MemberReachable } from './messages/broker.ts'

export class Reachability {
  readonly #onChange: (message: MemberReachable) => void
  readonly #connected = new Set<string>()
  readonly #members = new Set<MemberIndex>()
  /** Connected peers of which nothing more is to be found out. */
  readonly #settled = new Set<string>()

  constructor(onChange: (message: MemberReachable) => void) {
    this.#onChange = onChange
  }

  connect(peer: string, isConnected: boolean): void {
    if (isConnected) this.#connected.add(peer)
    else this.#connected.delete(peer)
    this.#settled.delete(peer)
  }

  /** Whether there is a connection, and the session of who is at its end is believed. */
  settle(peer: string, isSettled: boolean): void {
    if (isSettled) this.#settled.add(peer)
    else this.#settled.delete(peer)
  }

  isConnected(peer: string): boolean {
    return this.#connected.has(peer)
  }

  get connected(): readonly string[] {
    return [...this.#connected]
  }

  /** Those of them that are not settled. */
  get unsettled(): readonly string[] {
    return this.#connected.size === this.#settled.size
      ? []
      : this.connected.filter(peer => !this.#settled.has(peer))
  }

  set(member: MemberIndex, reachable: boolean): void {
    if (this.#members.has(member) === reachable) return
    if (reachable) this.#members.add(member)
    else this.#members.delete(member)
    this.#onChange({ type: 'MemberReachable', member, reachable })
  }
}
