// What waits until its receiver has a session: little, and not for long, since everything that matters is said
// again.

import type { MemberIndex } from '../core/lease/register.ts'
import type { Body } from '../core/protocol.ts'

const perMemberMax = 64
const waitMsMax = 5_000

interface Waiting {
  readonly body: Body
  readonly since: number
}

export class Outbox {
  readonly #waiting = new Map<MemberIndex, Waiting[]>()

  /** The oldest goes when there are too many. */
  put(to: MemberIndex, body: Body, now: number): void {
    const queue = this.#waiting.get(to) ?? []
    queue.push({ body, since: now })
    if (queue.length > perMemberMax) queue.shift()
    this.#waiting.set(to, queue)
  }

  take(to: MemberIndex): Body[] {
    const queue = this.#waiting.get(to) ?? []
    this.#waiting.delete(to)
    return queue.map(({ body }) => body)
  }

  drop(to: MemberIndex): void {
    this.#waiting.delete(to)
  }

  /** Forget what waited too long; returns for whom something still waits. */
  expire(now: number): MemberIndex[] {
    for (const [to, queue] of this.#waiting) {
      const left = queue.filter(({ since }) => now - since < waitMsMax)
      if (left.length === 0) this.#waiting.delete(to)
      else this.#waiting.set(to, left)
    }
    return [...this.#waiting.keys()]
  }
}
