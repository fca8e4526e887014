// Records that people want in the registry, in the order they asked; each is answered once.

import type { Proposal } from '../core/registry/record.ts'
import type { Propose, Proposed } from './messages/secretary.ts'
import type { ReplyTo } from './runtime/ref.ts'

/** How long somebody waits for a record. */
const waitMsMax = 30_000

export interface Pending {
  readonly proposal: Proposal
  readonly replyTo: ReplyTo<Proposed>
  readonly deadline: number
}

export class Proposals {
  readonly #waiting: Pending[] = []

  add({ proposal, replyTo }: Propose, now: number): void {
    this.#waiting.push({ proposal, replyTo, deadline: now + waitMsMax })
  }

  /** The next one whose time is not up; the others are told, with what the registry was in trouble with. */
  first(now: number, trouble = 'it has not answered'): Pending | undefined {
    for (;;) {
      const [pending] = this.#waiting
      if (pending === undefined || pending.deadline > now) return pending
      const why =
        `nothing came of it in ${waitMsMax / 1_000} seconds, since the registry cannot be followed now: ${trouble}; ` +
        'orbweaverd registry shows whether it took the record all the same'
      this.settle(pending, { type: 'Unreached', why })
    }
  }

  settle(pending: Pending, outcome: Proposed): void {
    const at = this.#waiting.indexOf(pending)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    pending.replyTo(outcome)
  }
}
