// Two daemons on one state directory would each believe they are the allocator. The lock is an SQLite
// transaction that is never finished: the kernel lets go of it when the process dies, however it dies.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { errorCodeOf } from '../core/error-text.ts'
import { ConfigInvalidError, StateLockedError } from '../core/errors.ts'
import type { Log } from '../ports/log.ts'

export interface StateLock {
  release(): void
}

/**
 * Take the state directory for this process, waiting up to `waitMs` for the one before to end (a rolling
 * update starts the new one early). Throws StateLockedError, naming the process that holds it, and
 * ConfigInvalidError when the directory cannot be used.
 */
export function lockState(stateDir: string, waitMs: number, log: Log): StateLock {
  const holderPath = join(stateDir, 'lock.pid')
  const database = openLock(stateDir)
  if (!tryLock(database, 0)) {
    log.info({ stateDir, holder: holderOf(holderPath) }, 'waiting for another daemon to end')
    if (!tryLock(database, waitMs)) {
      database.close()
      throw new StateLockedError(
        `another daemon (process ${holderOf(holderPath)}) uses ${stateDir}; stop it, or give this one a stateDir of its own`
      )
    }
  }
  nameHolder(holderPath)
  return {
    release: () => {
      rmSync(holderPath, { force: true })
      database.close()
    }
  }
}

function openLock(stateDir: string): Database {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    return new Sqlite(join(stateDir, 'lock.db'))
  } catch (error) {
    throw new ConfigInvalidError('stateDir', [`${stateDir} cannot be used: ${String(error)}`])
  }
}

function tryLock(database: Database, waitMs: number): boolean {
  database.pragma(`busy_timeout = ${Math.round(waitMs)}`)
  try {
    // A rollback journal would be written; nothing is, the lock alone is wanted.
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (errorCodeOf(error) === 'SQLITE_BUSY') return false
    throw error
  }
}

/** Only for a message of somebody else: the lock holds without it, also on a full disk. */
function nameHolder(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 })
  } catch {
    rmSync(path, { force: true })
  }
}

function holderOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
