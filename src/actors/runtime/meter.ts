// What is counted of an actor while it runs: numbers only, so that counting costs less than a message does.

import type { MonotonicMs } from '../../ports/clock.ts'
import type { StopReason } from './ref.ts'
import { Trace } from './trace.ts'

/** What is seen of an actor from outside. */
export interface ActorVitals {
  readonly name: string
  /** Where it stands among the others: `subnet/10.9.0.0/28/broker`. */
  readonly path: string
  readonly waiting: number
  readonly mailboxLimit: number
  readonly handled: number
  /** Messages for which the mailbox was too full. */
  readonly refused: number
  /** The type of the message that was handled last, or is being handled. */
  readonly lastType: string | undefined
  /** Time spent in all of its messages, and in the one that took longest. */
  readonly busyMs: number
  readonly slowestMs: number
  readonly traced: boolean
  readonly stopped: StopReason | undefined
}

export class Meter {
  waiting = 0
  refused = 0
  stopped: StopReason | undefined
  readonly #of: Pick<ActorVitals, 'name' | 'path' | 'mailboxLimit'>
  #handled = 0
  #busyMs = 0
  #slowestMs = 0
  #last: unknown
  #trace: Trace | undefined

  constructor(of: Pick<ActorVitals, 'name' | 'path' | 'mailboxLimit'>) {
    this.#of = of
  }

  begin(message: unknown): void {
    this.waiting -= 1
    this.#handled += 1
    this.#last = typeOf(message)
  }

  end(message: unknown, began: MonotonicMs, ended: MonotonicMs): void {
    const took = ended - began
    this.#busyMs += took
    if (took > this.#slowestMs) this.#slowestMs = took
    if (this.#trace === undefined) return
    if (this.#trace.isForgotten(ended)) this.#trace = undefined
    else this.#trace.note({ message, atMs: began, tookMs: took, waiting: this.waiting })
  }

  /** The messages of now on; it ends by itself when nobody asks any more. */
  trace(now: MonotonicMs): Trace {
    if (this.#trace === undefined || this.#trace.isForgotten(now)) this.#trace = new Trace(now)
    return this.#trace
  }

  vitals(): ActorVitals {
    const { waiting, refused, stopped } = this
    return {
      ...this.#of,
      ...{ waiting, refused, stopped, handled: this.#handled },
      lastType: typeof this.#last === 'string' ? this.#last : undefined,
      busyMs: this.#busyMs,
      slowestMs: this.#slowestMs,
      traced: this.#trace !== undefined
    }
  }
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message
    ? message.type
    : undefined
}
