// Makes the links of the host that pods' interfaces are made from, where nobody has made them. Many pods share one, so it
// stays when they end.

import type { ParentWishes } from '../core/coordination/parent-wishes.ts'
import type { CoordinationObstacle } from './coordinator.ts'

/** The parent is there and up. */
export interface ParentMade {
  readonly type: 'Made'
}

/** Nothing is changed. */
export interface ParentNotMade {
  readonly type: 'NotMade'
  readonly why: Extract<CoordinationObstacle, 'Settings' | 'Busy' | 'Failed' | 'Forbidden'>
  /** A sentence for a person. */
  readonly detail: string
}

/** Each difference is a sentence. */
export interface ParentExamined {
  readonly type: 'Examined'
  readonly differences: readonly string[]
}

export interface ParentMaker {
  /** Bring it about, or nothing. What is there already stays as it is, so it may be repeated. */
  make(wishes: ParentWishes, budgetMs: number): Promise<ParentMade | ParentNotMade>

  /** Is everything there? */
  examine(wishes: ParentWishes, budgetMs: number): Promise<ParentExamined | ParentNotMade>
}
