// Unix sockets that are there whole and for root alone, or not at all.

import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, renameSync } from 'node:fs'
import type { Server } from 'node:net'
import { dirname, join } from 'node:path'
import { messageOf } from '../core/error-text.ts'
import { ConfigInvalidError } from '../core/errors.ts'

/** A node's whole set of pods may start at once, each with a plugin that connects. */
const backlogMax = 1024

/**
 * Bind under a temporary name and rename: a socket that a dead daemon left is replaced in one step. Throws
 * ConfigInvalidError when the path cannot be used.
 */
export async function listenAt(server: Server, path: string): Promise<void> {
  // As short as a name can be, since the system limits the whole path (unix(7)).
  const temporary = join(dirname(path), `.${randomBytes(4).toString('hex')}`)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ path: temporary, backlog: backlogMax }, resolve)
    })
    chmodSync(temporary, 0o600)
    renameSync(temporary, path)
  } catch (error) {
    server.close()
    throw new ConfigInvalidError(path, [`nobody can listen there: ${messageOf(error)}`])
  }
}
