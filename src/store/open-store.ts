// From a directory to an open store. What is allocated must never be forgotten silently: a database that
// is damaged, or empty where one was before, is refused, since its addresses may still be in use.

import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { assert } from '../core/assert.ts'
import { StoreCorruptError, StoreFailedError } from '../core/errors.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import { Ballast } from './ballast.ts'
import { failureOf } from './failure.ts'
import { reserveLogSpace } from './log-space.ts'
import { type FileIdentity, leaveMarker, type Marker, markClosed, readMarker } from './marker.ts'
import { MetaTable } from './meta-table.ts'
import { migrate } from './schema.ts'
import { SqliteStore } from './sqlite-store.ts'

/** How often SQLite may fold the write-ahead log back: 4 MiB of it at the default page size. */
const checkpointPages = 1000
/** A log that a long checkpoint made larger than usual shrinks to this when it begins anew. */
const walBytesMax = 16 * 1024 * 1024

/** How long somebody else's lock on the database (an operator's shell) may hold up the whole daemon. */
const foreignLockMsMax = 100

export function databasePath(stateDir: string): string {
  return join(stateDir, 'orbweaver.db')
}

/**
 * Open the store of a state directory, or make a new one. Throws StoreCorruptError when what was stored
 * cannot be trusted, StoreTooNewError when a newer release wrote it, and StoreFailedError when the disk is
 * full or does not work: that is no damage, and another start may succeed. `boot` is the boot id of now:
 * whoever comes into being on this boot has nothing newer anywhere.
 */
export function openStore(stateDir: string, { boot } = { boot: '' }): AttachmentStore {
  const ballast = new Ballast(stateDir)
  let database: Database
  try {
    database = openDatabase(stateDir, boot)
  } catch (error) {
    if (!(error instanceof StoreFailedError) || !ballast.drop()) throw error
    database = openDatabase(stateDir, boot)
  }
  reserveLogSpace(databasePath(stateDir))
  ballast.load()
  return new SqliteStore(database, ballast, () => markClosed(stateDir))
}

function openDatabase(stateDir: string, boot: string): Database {
  const path = databasePath(stateDir)
  const marker = readMarker(stateDir)
  let database: Database | undefined
  try {
    if (marker !== undefined && !existsSync(path)) throw corrupt(path, 'it is gone')
    if (marker?.isOpen === true && !hasLog(path)) throw corrupt(path, 'its write-ahead log is gone')
    database = new Sqlite(path, { timeout: foreignLockMsMax })
    leaveMarker(stateDir, marker, prepareDatabase(database, path, marker, boot))
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

/** A log that SQLite has written to has a header of 32 bytes that begins with its magic number. */
function hasLog(path: string): boolean {
  try {
    const log = openSync(`${path}-wal`, 'r')
    const magic = Buffer.alloc(4)
    readSync(log, magic, 0, 4, 0)
    closeSync(log)
    return (magic.readUInt32BE() & 0xfffffffe) === 0x377f0682
  } catch {
    return false
  }
}

/** Check, set up and migrate; returns which database it is and how often it has been opened by now. */
function prepareDatabase(
  database: Database,
  path: string,
  marker: Marker | undefined,
  boot: string
): FileIdentity {
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`)
  database.pragma(`journal_size_limit = ${walBytesMax}`)
  assert(database.pragma('synchronous', { simple: true }) === 2, 'every commit is synchronised')
  const check = database.pragma('quick_check(1)', { simple: true })
  if (check !== 'ok') throw corrupt(path, String(check))
  migrate(database)
  const meta = new MetaTable(database)
  const found = meta.get('database')
  const generation = Number(meta.get('generation') ?? 0)
  if (marker !== undefined && found !== marker.database) {
    const what = found === undefined ? 'it is empty' : 'it is not the one that was here before'
    throw corrupt(path, what)
  }
  if (marker !== undefined && generation < marker.generation) {
    throw corrupt(path, 'it is an older copy, or its write-ahead log is gone')
  }
  const identity = { database: found ?? randomHex(16), generation: generation + 1 }
  database.transaction(() => {
    meta.set('database', identity.database)
    meta.set('generation', String(identity.generation))
    if (meta.get('incarnation') === undefined) bringToLife(meta, boot)
  })()
  return identity
}

/** The first incarnation of a new database, or of one from before there were any: it owns nothing yet. */
function bringToLife(meta: MetaTable, boot: string): void {
  meta.set('incarnation', randomHex(16))
  meta.set('key', randomHex(32))
  meta.set('boot', boot)
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex')
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
      'so none is handed out. Drain the node, remove its state directory and start again; bring a copy of the ' +
      'file back only when no pod was started or ended since it was made',
    { cause }
  )
}
