// An empty file whose name says which database belongs into this directory, how often it was opened, and
// whether it is open. To SQLite a file that lost its content looks like a new database, and one without its
// write-ahead log like an older one; either would hand out addresses that pods have.

import { closeSync, fsyncSync, openSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whose database it is: the incarnation lives as long as it, and the generation grows with every opening. */
export interface Identity {
  readonly incarnation: string
  readonly generation: number
}

export interface Marker extends Identity {
  /** Nobody has closed it since: its write-ahead log must be there. */
  readonly isOpen: boolean
  readonly name: string
}

const form = /^incarnation-([0-9a-f]{32})-(\d+)-(open|closed)$/

export function readMarker(stateDir: string): Marker | undefined {
  for (const name of readdirSync(stateDir)) {
    const [, incarnation, generation, state] = form.exec(name) ?? []
    if (incarnation === undefined) continue
    return { name, incarnation, generation: Number(generation), isOpen: state === 'open' }
  }
  return undefined
}

/** Say durably that this database is open now. */
export function leaveMarker(stateDir: string, before: Marker | undefined, now: Identity): void {
  const name = `incarnation-${now.incarnation}-${now.generation}-open`
  if (before === undefined) writeFileSync(join(stateDir, name), '', { mode: 0o600 })
  else renameSync(join(stateDir, before.name), join(stateDir, name))
  syncDirectory(stateDir)
}

/** The database was closed whole: it needs no log any more. */
export function markClosed(stateDir: string): void {
  const marker = readMarker(stateDir)
  if (marker === undefined) return
  const name = `incarnation-${marker.incarnation}-${marker.generation}-closed`
  renameSync(join(stateDir, marker.name), join(stateDir, name))
  syncDirectory(stateDir)
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  fsyncSync(directory)
  closeSync(directory)
}
