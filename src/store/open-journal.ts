// The journal of the coordinator in a database of its own: it shares nothing with that of the attachments, and is written by
// another thread. It says what was done to the kernel of this boot, so it need not outlive that kernel: nothing waits for the
// disk, and each boot has a file.

import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { StoreCorruptError, StoreFailedError } from '../core/errors.ts'
import type { Log } from '../ports/log.ts'
import { Ballast } from './ballast.ts'
import { failureOf } from './failure.ts'
import { roomyCommit } from './roomy-commit.ts'
import { SqliteJournal } from './sqlite-journal.ts'

const form = /^coordination-.*\.db(?:-wal|-shm|-journal|\.damaged)?$/

/** How long somebody else's lock on it (an operator's shell) may hold up a pod. */
const foreignLockMsMax = 100

/** `boot`: the current boot id. */
export function journalPath(stateDir: string, boot: string): string {
  return join(stateDir, `coordination-${encodeURIComponent(boot)}.db`)
}

/** Has anything been written down on this boot? */
export function hasJournal(stateDir: string, boot: string): boolean {
  return existsSync(journalPath(stateDir, boot))
}

/**
 * Open that of this boot, or make a new one; those of others go. One that is damaged is put aside: what it spoke of stays
 * on the host until the namespaces of its pods go. Throws StoreFailedError when the disk is full or does not work.
 */
export function openJournal(stateDir: string, boot: string, log: Log): SqliteJournal {
  const path = journalPath(stateDir, boot)
  for (const name of readdirSync(stateDir)) {
    const other = join(stateDir, name)
    if (form.test(name) && !other.startsWith(path)) rmSync(other, { force: true })
  }
  const ballast = new Ballast(stateDir)
  const open = () => openAt(path, ballast)
  try {
    return open()
  } catch (error) {
    if (error instanceof StoreFailedError && ballast.drop()) return open()
    if (!(error instanceof StoreCorruptError)) throw error
    const aside = `${path}.damaged`
    log.error(
      { error, aside },
      'the journal of the coordinator is damaged and put aside; what pods have on the host stays until their namespaces go'
    )
    for (const part of ['-wal', '-shm']) rmSync(`${path}${part}`, { force: true })
    renameSync(path, aside)
    return open()
  }
}

function openAt(path: string, ballast: Ballast): SqliteJournal {
  let database: Database | undefined
  try {
    database = new Sqlite(path, { timeout: foreignLockMsMax })
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = OFF')
    const check = String(database.pragma('quick_check(1)', { simple: true }))
    if (check !== 'ok') throw new StoreCorruptError(`${path}: ${check}`)
    return new SqliteJournal(database, roomyCommit(database, ballast))
  } catch (error) {
    database?.close()
    throw failureOf(error)
  }
}
