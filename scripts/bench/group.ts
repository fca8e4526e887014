// What each group of figures is given.

import type { Figure } from './figures.ts'
import type { Stage } from './stage.ts'

export interface Run {
  readonly stage: Stage
  /** Fewer samples and no large clusters, so that all of it ends within two minutes. */
  readonly quick: boolean
  /** How long the soak is. */
  readonly pairs: number
  /** A line about how something was measured that differs from what one would expect. */
  note(text: string): void
}

export type Group = (run: Run) => Promise<Figure[]>
