// A commit that finds room on a full disk where it must, and says what its failure means.

import { StoreFullError } from '../core/errors.ts'
import type { Ballast } from './ballast.ts'
import { failureOf } from './failure.ts'

/** Carries out one transaction. Throws StoreFailedError, StoreFullError and StoreCorruptError. */
export type RoomyCommit = (apply: () => void, mayTakeBallast: boolean) => void

export function roomyCommit(ballast: Ballast): RoomyCommit {
  return (apply, mayTakeBallast) => {
    try {
      apply()
    } catch (error) {
      const failure = failureOf(error)
      if (!(failure instanceof StoreFullError && mayTakeBallast && ballast.drop())) throw failure
      try {
        apply()
      } catch (second) {
        throw failureOf(second)
      }
    }
  }
}
