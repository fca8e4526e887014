// A question to every member that counts only when all of them have answered it: what is known of a domain,
// gathered before an heir takes over or before a node that was away serves again.

import type { ClusterView } from '../registry/cluster-view.ts'
import { living } from '../registry/cluster-view.ts'
import type { MemberIndex } from './register.ts'

export class Round<Answer> {
  /** Chance: an answer that does not repeat it belongs to another round. */
  readonly nonce: string
  /** The registry as it was when the round began, read linearizably. */
  readonly index: number
  readonly #need: ReadonlySet<MemberIndex>
  readonly #answers = new Map<MemberIndex, Answer>()

  constructor(nonce: string, view: ClusterView, me: MemberIndex) {
    this.nonce = nonce
    this.index = view.index
    this.#need = new Set(
      living(view)
        .map(member => member.index)
        .filter(index => index !== me)
    )
  }

  /** Take an answer of this round in; who was not asked does not count. */
  receive(from: MemberIndex, answer: Answer): void {
    if (this.#need.has(from)) this.#answers.set(from, answer)
  }

  get missing(): MemberIndex[] {
    return [...this.#need].filter(member => !this.#answers.has(member))
  }

  get answers(): ReadonlyMap<MemberIndex, Answer> {
    return this.#answers
  }

  get isComplete(): boolean {
    return this.#answers.size === this.#need.size
  }

  /**
   * A member was removed before it answered. What it knew may be on its way through one that answered
   * before: the round proves nothing any more.
   */
  isVoid(view: ClusterView): boolean {
    return this.missing.some(member => view.members.get(member)?.removed !== undefined)
  }
}
