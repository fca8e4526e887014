// What a thread of the kernel and the main thread say to each other: one order at a time, one answer.

import type { Done, NotPossible, Observed, Order, Question, Stopped } from './kernel.ts'

/** `deadlineMs` on CLOCK_MONOTONIC, which both threads share. */
export type Work =
  | { readonly type: 'Observe'; readonly question: Question; readonly deadlineMs: number }
  | { readonly type: 'CarryOut'; readonly order: Order; readonly deadlineMs: number }

/** `Close`: end. */
export type ThreadOrder = Work | { readonly type: 'Close' }

export type KernelAnswer = Observed | Done | Stopped | NotPossible

/** `Ready`: the first order may come. */
export type ThreadWord = { readonly type: 'Ready' } | KernelAnswer

/** Given to the thread at its start. */
export interface ThreadStart {
  /** Path of the namespace that it lives in; absent: the one it was born in. */
  readonly home: string | undefined
  /** See `socket-ledger.ts`: its own, and that of the thread that has it. */
  readonly sockets: SharedArrayBuffer
  readonly socketsAbove: SharedArrayBuffer | undefined
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
