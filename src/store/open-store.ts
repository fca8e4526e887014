// From a directory to an open store. What is allocated must never be forgotten silently: a database that
// is damaged, or empty where one was before, is refused, since its addresses may still be in use.

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { assert } from '../core/assert.ts'
import { StoreCorruptError, StoreFailedError } from '../core/errors.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import { Ballast } from './ballast.ts'
import { failureOf } from './failure.ts'
import { reserveLogSpace } from './log-space.ts'
import { migrate } from './schema.ts'
import { SqliteStore } from './sqlite-store.ts'

/** How often SQLite may fold the write-ahead log back: 4 MiB of it at the default page size. */
const checkpointPages = 1000
const walBytesMax = 16 * 1024 * 1024

/**
 * A file of this name and the incarnation (it lives exactly as long as its database) says that there was
 * one: to SQLite a file that lost its content looks like a new database.
 */
const markerPrefix = 'incarnation-'

export function databasePath(stateDir: string): string {
  return join(stateDir, 'orbweaver.db')
}

/**
 * Open the store of a state directory, or make a new one. Throws StoreCorruptError when what was stored
 * cannot be trusted, StoreTooNewError when a newer release wrote it, and StoreFailedError when the disk is
 * full or does not work: that is no damage, and another start may succeed.
 */
export function openStore(stateDir: string): AttachmentStore {
  const ballast = new Ballast(stateDir)
  let database: Database
  try {
    database = openDatabase(stateDir)
  } catch (error) {
    if (!(error instanceof StoreFailedError) || !ballast.drop()) throw error
    database = openDatabase(stateDir)
  }
  reserveLogSpace(databasePath(stateDir))
  ballast.load()
  return new SqliteStore(database, ballast)
}

function openDatabase(stateDir: string): Database {
  const path = databasePath(stateDir)
  const expected = readdirSync(stateDir).find(name => name.startsWith(markerPrefix))
  let database: Database | undefined
  try {
    if (expected !== undefined && !existsSync(path)) throw corrupt(path, 'it is gone')
    database = new Sqlite(path)
    const marker = prepareDatabase(database, path, expected)
    if (expected === undefined) leaveMarker(stateDir, marker)
    return database
  } catch (error) {
    database?.close()
    if (error instanceof StoreCorruptError) throw error
    const failure = failureOf(error)
    if (failure instanceof StoreCorruptError) throw corrupt(path, String(error), error)
    if (failure instanceof StoreFailedError) throw unusable(path, failure)
    throw failure
  }
}

/** Check, set up and migrate; returns the name of the marker that belongs to this database. */
function prepareDatabase(database: Database, path: string, expected: string | undefined): string {
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  database.pragma(`journal_size_limit = ${walBytesMax}`)
  assert(database.pragma('synchronous', { simple: true }) === 2, 'every commit is synchronised')
  const check = database.pragma('quick_check(1)', { simple: true })
  if (check !== 'ok') throw corrupt(path, String(check))
  migrate(database)
  const found = database
    .prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = 'incarnation'`)
    .get()?.value
  const marker = found === undefined ? undefined : markerPrefix + found
  if (expected !== undefined && marker !== expected) {
    throw corrupt(
      path,
      found === undefined ? 'it is empty' : 'it is not the one that was here before'
    )
  }
  if (marker !== undefined) return marker
  const incarnation = randomBytes(16).toString('hex')
  database.prepare(`INSERT INTO meta VALUES ('incarnation', ?)`).run(incarnation)
  return markerPrefix + incarnation
}

/** An empty file is there or not, so it needs no care but the directory's. */
function leaveMarker(stateDir: string, marker: string): void {
  writeFileSync(join(stateDir, marker), '', { mode: 0o600 })
  const directory = openSync(stateDir, 'r')
  fsyncSync(directory)
  closeSync(directory)
}

function unusable(path: string, failure: StoreFailedError): StoreFailedError {
  const text =
    `the database ${path} cannot be opened: ${failure.message}. Nothing is lost: ` +
    'free space on that disk or mend it, and start again'
  return new StoreFailedError(text, { cause: failure })
}

function corrupt(path: string, what: string, cause?: unknown): StoreCorruptError {
  return new StoreCorruptError(
    `the database ${path} cannot be trusted: ${what}. Which addresses this node's pods have is not known, ` +
      'so none is handed out. Restore the file, or drain the node, remove its state directory and start again',
    { cause }
  )
}
