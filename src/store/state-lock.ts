// Two daemons on one state directory would each believe they are the allocator. The lock is an SQLite
// transaction that is never finished: the kernel lets go of it when the process dies, however it dies.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { StateLockedError } from '../core/errors.ts'

export interface StateLock {
  release(): void
}

/**
 * Take the state directory for this process, waiting up to `waitMs` for the one before to end (a rolling
 * update starts the new one early). Throws StateLockedError, naming the process that holds it.
 */
export function lockState(stateDir: string, waitMs: number): StateLock {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const holderPath = join(stateDir, 'lock.pid')
  const database = new Sqlite(join(stateDir, 'lock.db'), { timeout: waitMs })
  try {
    // A rollback journal would be written; nothing is, the lock alone is wanted.
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new StateLockedError(
      `another daemon (process ${holderOf(holderPath)}) uses ${stateDir}; stop it, or give this one a stateDir of its own`,
      { cause: error }
    )
  }
  writeFileSync(holderPath, `${process.pid}\n`, { mode: 0o600 })
  return {
    release: () => {
      rmSync(holderPath, { force: true })
      database.close()
    }
  }
}

function holderOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
