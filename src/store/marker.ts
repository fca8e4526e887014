// An empty file whose name says which database belongs into this directory, how often it was opened, and
// whether it is open. To SQLite a file that lost its content looks like a new database, and one without its
// write-ahead log like an older one; either would hand out addresses that pods have.

import { closeSync, fsyncSync, openSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Which database it is, as long as it exists; the generation grows with every opening. */
export interface FileIdentity {
  /** 32 hexadecimal digits. */
  readonly database: string
  readonly generation: number
}

export interface Marker extends FileIdentity {
  /** Nobody has closed it since: its write-ahead log must be there. */
  readonly isOpen: boolean
  readonly name: string
}

/** The word incarnation is of a time when a database had only one; markers of that time must stay readable. */
const form = /^incarnation-([0-9a-f]{32})-(\d+)-(open|closed)$/

export function readMarker(stateDir: string): Marker | undefined {
  for (const name of readdirSync(stateDir)) {
    const [, database, generation, state] = form.exec(name) ?? []
    if (database === undefined) continue
    return { name, database, generation: Number(generation), isOpen: state === 'open' }
  }
  return undefined
}

/** Say durably that this database is open now. */
export function leaveMarker(stateDir: string, before: Marker | undefined, now: FileIdentity): void {
  const name = `incarnation-${now.database}-${now.generation}-open`
  if (before === undefined) writeFileSync(join(stateDir, name), '', { mode: 0o600 })
  else renameSync(join(stateDir, before.name), join(stateDir, name))
  syncDirectory(stateDir)
}

/** The database was closed whole: it needs no log any more. */
export function markClosed(stateDir: string): void {
  const marker = readMarker(stateDir)
  if (marker === undefined) return
  const name = `incarnation-${marker.database}-${marker.generation}-closed`
  renameSync(join(stateDir, marker.name), join(stateDir, name))
  syncDirectory(stateDir)
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  fsyncSync(directory)
  closeSync(directory)
}
