// What the kernel's thread and the main thread say to each other.

import type { Done, NotPossible, Observed, Order, Question, Stopped } from './kernel.ts'

/** `deadlineMs` on CLOCK_MONOTONIC, which both threads share. */
export type ThreadOrder =
  | {
      readonly type: 'Observe'
      readonly id: number
      readonly question: Question
      readonly deadlineMs: number
    }
  | {
      readonly type: 'CarryOut'
      readonly id: number
      readonly order: Order
      readonly deadlineMs: number
    }
  /** End; there is no answer to what is open. */
  | { readonly type: 'Close' }

export type KernelAnswer = Observed | Done | Stopped | NotPossible

export interface ThreadWord {
  readonly id: number
  readonly answer: KernelAnswer
}

/** Given to the thread at its start. */
export interface ThreadStart {
  /** Path of the namespace that it lives in; absent: the one it was born in. */
  readonly home: string | undefined
  /** See `socket-ledger.ts`. */
  readonly sockets: SharedArrayBuffer
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
