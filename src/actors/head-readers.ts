// Who wants to know where the registry ends. An answer counts for those only who asked before the question to
// the registry was.

import type { HeadRead } from './messages/secretary.ts'
import type { ReplyTo } from './runtime/ref.ts'

export class HeadReaders {
  /** Who asked before the open question, and who after it. */
  #before: ReplyTo<HeadRead>[] = []
  #after: ReplyTo<HeadRead>[] = []

  add(replyTo: ReplyTo<HeadRead>): void {
    this.#after.push(replyTo)
  }

  /** A question begins. Some may be left of one whose records the disk refused. */
  begin(): void {
    this.#before.push(...this.#after.splice(0))
  }

  /** There is more than one answer carries: they wait for the rest of it. */
  postpone(): void {
    this.#after.unshift(...this.#before.splice(0))
  }

  /** `index` is undefined when the registry cannot be reached, or not be trusted. */
  answer(index: number | undefined): void {
    for (const replyTo of this.#before.splice(0)) replyTo({ type: 'HeadRead', index })
  }
}
