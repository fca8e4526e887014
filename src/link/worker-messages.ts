// What the prober's thread and the main thread say to each other.

import type { Address } from '../core/address.ts'
import type { LinkAnswer, LinkPlace, LinkQuestion } from '../ports/link-prober.ts'

/** `deadlineMs` on CLOCK_MONOTONIC, which both threads share. */
export type WorkerOrder =
  | {
      readonly type: 'Probe'
      readonly id: number
      readonly question: LinkQuestion
      readonly deadlineMs: number
    }
  | {
      readonly type: 'Announce'
      readonly id: number
      readonly place: LinkPlace
      readonly addresses: readonly Address[]
      readonly deadlineMs: number
    }
  /** End; there is no answer to what is open. */
  | { readonly type: 'Close' }

export type WorkerWord =
  /** A socket for this order is open from now on. */
  | { readonly type: 'Opened'; readonly id: number; readonly fd: number }
  /** The sockets for this order are not used any more and can be closed. */
  | { readonly type: 'Answered'; readonly id: number; readonly answer: LinkAnswer }

/** Given to the thread at its start. */
export interface WorkerStart {
  /** Path of the namespace that it goes back to; absent: the one it was born in. */
  readonly home: string | undefined
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
