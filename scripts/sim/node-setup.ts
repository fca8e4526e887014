// What a simulated node is given, and what it tells of itself.

import type { ConfirmMode, HouseParts } from '../../src/actors/house.ts'
import type { Rules } from '../../src/core/lease/rules.ts'
import type { Change } from '../../src/ports/attachment-store.ts'
import type { Log } from '../../src/ports/log.ts'
import type { PodFacts } from '../../src/ports/pod-facts.ts'
import type { PoolDocument } from '../../src/ports/pool-source.ts'
import type { Agenda } from './agenda.ts'
import type { Net } from './net.ts'
import type { SimNode } from './sim-node.ts'
import type { SimRegistry } from './sim-registry.ts'
import type { Handled } from './sim-system.ts'

/** Where a process dies: before its next message, or on either side of a commit. */
export type Moment = 'message' | 'beforeCommit' | 'afterCommit'

export interface NodeSetup {
  readonly index: number
  readonly seed: number
  readonly pace: number
  readonly confirm: ConfirmMode
  readonly rules: Rules
  readonly documents: readonly PoolDocument[]
  readonly facts: PodFacts
  readonly cooldown: HouseParts['cooldown']
  readonly reap: HouseParts['reap']
}

/** What a node tells of itself. */
export interface NodeObserver {
  onHandling(node: SimNode, actor: string, message: Handled): void
  onCommitted(node: SimNode, changes: readonly Change[]): void
  onCrashed(node: SimNode, actor: string, error: unknown): void
  onEnded(node: SimNode, why: string): void
  onProcess(node: SimNode, what: 'starts' | 'dies'): void
  onPipes(change: number): void
  readonly log: (node: SimNode) => Log
}

export interface Surroundings {
  readonly agenda: Agenda
  readonly net: Net
  readonly registry: SimRegistry
  readonly observer: NodeObserver
}
