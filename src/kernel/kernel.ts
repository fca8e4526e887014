// What the kernel offers to the rooms above: a look at namespaces, and orders to change them. It decides nothing.

import type { Address, Family } from '../core/address.ts'
import type { Operation } from './operation.ts'
import type { MarkTable, NamespaceView } from './view.ts'

/** What to look at in one namespace; each part costs a question to the kernel, and time by its length. */
export interface Look {
  readonly links?: boolean
  readonly addresses?: boolean
  /** All tables but the local one, or those named; of both families, or those named. */
  readonly routes?: { readonly tables?: readonly number[]; readonly families?: readonly Family[] }
  readonly rules?: { readonly families?: readonly Family[] }
  /** Permanent ones and learned ones, of all links or of one. */
  readonly neighbours?: { readonly link?: string }
  readonly sysctls?: readonly string[]
  /** The table that should be there. */
  readonly marks?: MarkTable
  /** Which way a packet to this address would take, and with which source (`ip route get`). */
  readonly waysTo?: readonly Address[]
}

/** Everything there is, but for what needs a question of its own. */
export const everything: Look = {
  links: true,
  addresses: true,
  routes: {},
  rules: {},
  neighbours: {}
}

export interface Observation {
  readonly host?: Look
  readonly pod?: Look
}

/**
 * `NoNamespace`: it is not there (any more). `Forbidden`: this process lacks the right (CAP_SYS_ADMIN,
 * CAP_NET_ADMIN). `Busy`: too many at once, or the time was up before its turn came. `Late`: the kernel did not answer
 * in time, and what was ordered may have happened. `Closed`: it is closed. `Failed`: anything else. But for `Late`
 * nothing was begun.
 */
export type KernelObstacle = 'NoNamespace' | 'Forbidden' | 'Busy' | 'Late' | 'Closed' | 'Failed'

export interface NotPossible {
  readonly type: 'NotPossible'
  readonly why: KernelObstacle
  /** A sentence for a person. */
  readonly detail: string
}

/** The views of what was asked for. */
export interface Observed {
  readonly type: 'Observed'
  readonly host?: NamespaceView
  readonly pod?: NamespaceView
}

export interface Done {
  readonly type: 'Done'
}

/** The operations before `index` are carried out, this one is not (wholly), those behind it were not begun. */
export interface Stopped {
  readonly type: 'Stopped'
  readonly index: number
  /** E.g. EEXIST; ETIMEDOUT when the time was up before this one. */
  readonly code: string
  /** What was tried and what the kernel said. */
  readonly detail: string
}

export interface Order {
  /** Path of the pod's namespace; absent when no operation is in a pod. */
  readonly netns?: string
  /** At most `operationsMax`. */
  readonly operations: readonly Operation[]
  /** From the call to the answer, waiting included. */
  readonly budgetMs: number
}

/** More than the plan of any pod has steps for. */
export const operationsMax = 4_096

export interface Question extends Observation {
  /** Path of the pod's namespace; absent when only the host is looked at. */
  readonly netns?: string
  /** From the call to the answer, waiting included. */
  readonly budgetMs: number
}

export interface Kernel {
  /** Both namespaces in one go, each read without a pause. Never rejects for what the outside world does. */
  observe(question: Question): Promise<Observed | NotPossible>

  /** In their order, to the first one that fails. Never rejects for what the outside world does. */
  carryOut(order: Order): Promise<Done | Stopped | NotPossible>

  /** Whoever waits gets `Closed`. May be called again. */
  close(): Promise<void>
}
