// Makes pods on underlay networks reachable from their node, and keeps the ways of their interfaces apart. It
// remembers what it did, and takes back what it did to the host with nothing but that.

import type { AttachmentKey, Pod } from '../core/attachment.ts'
import type { CoordinatorWishes } from '../core/coordination/settings.ts'
import type { PreviousResult } from '../core/coordination/previous-result.ts'
import type { Mac } from '../core/link/mac.ts'
import type { Moment, Sandbox } from '../core/sandbox.ts'
import type { Annotations } from '../core/selection/facts.ts'
import type { JournalKey } from './coordination-journal.ts'

export interface CoordinationOrder {
  readonly key: AttachmentKey
  readonly pod: Pod
  readonly sandbox: Sandbox
  /** What the network configuration says. */
  readonly wishes: CoordinatorWishes
  /** Of the pod, as the runtime passes them; absent when it does not. */
  readonly annotations: Annotations | undefined
  readonly result: PreviousResult
  /** From the call to the answer. */
  readonly budgetMs: number
}

/** It is done, and what was done is written down. */
export interface Coordinated {
  readonly type: 'Coordinated'
  /** The hardware address that the interface has got. */
  readonly mac?: Mac
}

/**
 * `Settings`: what is wanted cannot be, in this pod or at all. `Busy`: not now. `Failed`: the kernel refused a
 * step, and those before it are taken back. `Forbidden`: this process may not change the network. `NoNamespace`:
 * the sandbox is gone. `Overtaken`: its DEL came meanwhile. `Disk`: it could not be written down.
 */
export type CoordinationObstacle =
  'Settings' | 'Busy' | 'Failed' | 'Forbidden' | 'NoNamespace' | 'Overtaken' | 'Disk'

/** Nothing is changed. */
export interface NotCoordinated {
  readonly type: 'NotCoordinated'
  readonly why: CoordinationObstacle
  /** A sentence for a person. */
  readonly detail: string
}

/** Each difference is a sentence; `Unknown`: nothing was ever done for it, or it was taken back. */
export type Examined =
  | { readonly type: 'Examined'; readonly differences: readonly string[] }
  | { readonly type: 'Unknown' }

export interface Coordinator {
  /** Bring about what the pod needs, or nothing. What is there already stays as it is, so it may be repeated. */
  coordinate(order: CoordinationOrder): Promise<Coordinated | NotCoordinated>

  /** Is everything there that was brought about? */
  examine(
    key: AttachmentKey,
    sandbox: Sandbox,
    budgetMs: number
  ): Promise<Examined | NotCoordinated>

  /**
   * Take back what was done for an attachment, unless that began later. Needs neither the pod nor its namespace.
   * `false`: it could not be finished, and has to be asked for again.
   */
  undo(key: JournalKey, began: Moment): Promise<boolean>

  /** Take back everything of this network that began before, and is not among the texts of keys in `keep`. */
  collect(network: string, keep: ReadonlySet<string>, began: Moment): Promise<void>

  /** The cluster wants nothing of it where a network configuration does not say. */
  isDisabled(): boolean

  /** Undefined: an ADD can succeed. Otherwise a sentence. */
  obstacle(): string | undefined

  /** Whoever waits is told; what was begun is finished. */
  close(): Promise<void>
}
