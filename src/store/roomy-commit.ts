// A commit that finds room on a full disk where it must, and says what its failure means.

import { statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { StoreFailedError, StoreFullError } from '../core/errors.ts'
import type { Ballast } from './ballast.ts'
import { failureOf } from './failure.ts'

/** Carries out one transaction. Throws StoreFailedError, StoreFullError and StoreCorruptError. */
export type RoomyCommit = (apply: () => void, mayTakeBallast: boolean) => void

export function roomyCommit(database: Database, ballast: Ballast): RoomyCommit {
  // Whoever removes the file takes our promises along.
  const inode = statSync(database.name).ino
  return (apply, mayTakeBallast) => {
    if (statSync(database.name, { throwIfNoEntry: false })?.ino !== inode) {
      throw new StoreFailedError('the database was removed under the running daemon')
    }
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
