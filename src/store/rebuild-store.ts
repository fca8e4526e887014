// A new database in the place of one that is lost, with what could be found out of the pods that live. It
// takes its place as a whole: a crash before that leaves what was found at the start, and another try.

import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../core/assert.ts'
import type { AttachmentStore, Change } from '../ports/attachment-store.ts'
import { leaveMarker, markClosed, readMarker } from './marker.ts'
import { databasePath, openStore } from './open-store.ts'

/** Older copies stay, the latest one gives way: the first loss is the one that people look into. */
const copiesMax = 8

/** Has there ever been a database here? */
export function hasState(stateDir: string): boolean {
  return existsSync(databasePath(stateDir)) || readMarker(stateDir) !== undefined
}

/**
 * Put what is left of the database aside, under the name that is returned, and open a new one that begins with
 * `changes`. Throws as openStore and commit do.
 */
export function rebuildStore(
  stateDir: string,
  boot: string,
  changes: readonly Change[]
): { store: AttachmentStore; aside: string | undefined } {
  const side = join(stateDir, 'rebuilt')
  rmSync(side, { recursive: true, force: true })
  mkdirSync(side, { mode: 0o700 })
  const built = openStore(side, { boot })
  try {
    built.commit(changes)
  } finally {
    built.close()
  }
  const marker = readMarker(side)
  assert(marker?.isOpen === false, 'nobody else reads a database that is just being built')
  const aside = putAside(stateDir)
  renameSync(databasePath(side), databasePath(stateDir))
  // Until now the marker of the lost database was there, so that whoever starts finds it lost again.
  leaveMarker(stateDir, readMarker(stateDir), marker)
  markClosed(stateDir)
  rmSync(side, { recursive: true, force: true })
  return { store: openStore(stateDir, { boot }), aside }
}

function putAside(stateDir: string): string | undefined {
  const path = databasePath(stateDir)
  const parts = ['', '-wal', '-shm', '-journal'].filter(part => existsSync(`${path}${part}`))
  if (parts.length === 0) return undefined
  let number = 1
  while (number < copiesMax && existsSync(`${path}.lost-${number}`)) number += 1
  const aside = `${path}.lost-${number}`
  for (const part of ['', '-wal', '-shm', '-journal']) rmSync(`${aside}${part}`, { force: true })
  for (const part of parts) renameSync(`${path}${part}`, `${aside}${part}`)
  return aside
}
