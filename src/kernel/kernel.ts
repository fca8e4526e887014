// What the kernel offers to the rooms above: a look at namespaces, and orders to change them. It decides nothing.

import type { Address, Family } from '../core/address.ts'
import type { Operation } from './operation.ts'
import type { MarkTable, NamespaceView } from './view.ts'

/**
 * What to look at in one namespace; each part costs a question to the kernel, and time by its length. A node has links,
 * addresses, routes and neighbours for each of its pods, so whoever knows what he looks for says so.
 */
export interface Look {
  /** Of both families, or those named; links have none. */
  readonly families?: readonly Family[]
  /** All, or those of these names as far as they are there. */
  readonly links?: true | { readonly names: readonly string[] }
  /** All, all of both families whatever else is looked at, or those of one scope, but for one link's. */
  readonly addresses?: true | 'OfBothFamilies' | { readonly scope: number; readonly butOf: number }
  /** All tables but the local one, or those named; `to`: default routes, and those to one of these addresses alone. */
  readonly routes?: { readonly tables?: readonly number[]; readonly to?: readonly Address[] }
  readonly rules?: true
  /** Permanent ones and learned ones, of all links or of one, of all addresses or of these. */
  readonly neighbours?: { readonly link?: string; readonly addresses?: readonly Address[] }
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
  rules: true,
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

  /** In their order, to the first one that fails; orders for one pod in the order in which they are given. Never rejects for what the outside world does. */
  carryOut(order: Order): Promise<Done | Stopped | NotPossible>

  /** Whoever waits gets `Closed`. May be called again. */
  close(): Promise<void>
}
