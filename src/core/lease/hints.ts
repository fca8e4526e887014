// How many free addresses of a pool each member seems to have: what it said last, and never more than it owned
// when that was seen last. Believed by nobody, good for knowing whom to ask.

import type { Holding } from '../protocol.ts'
import type { MemberIndex } from './register.ts'

interface Hint {
  readonly free: number
  /** It was said, and not only seen in the lease map. */
  readonly isSaid: boolean
}

export class Hints {
  readonly #hints = new Map<MemberIndex, Hint>()

  freeOf(member: MemberIndex): number {
    return this.#hints.get(member)?.free ?? 0
  }

  say(member: MemberIndex, { free }: Holding): void {
    this.#hints.set(member, { free, isSaid: true })
  }

  /** Others think that it has some. */
  suspect(member: MemberIndex): void {
    this.#hints.set(member, { free: 1, isSaid: false })
  }

  own(member: MemberIndex, owned: number): void {
    const known = this.#hints.get(member)
    const isSaid = known?.isSaid ?? false
    this.#hints.set(member, { free: isSaid ? Math.min(this.freeOf(member), owned) : owned, isSaid })
  }

  keys(): IterableIterator<MemberIndex> {
    return this.#hints.keys()
  }

  delete(member: MemberIndex): void {
    this.#hints.delete(member)
  }
}
