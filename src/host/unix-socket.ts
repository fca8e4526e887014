// Unix sockets that are there whole and for root alone, or not at all.

import { chmodSync, mkdirSync, renameSync } from 'node:fs'
import type { Server } from 'node:net'
import { basename, dirname, join } from 'node:path'

/** Bind under a temporary name and rename: a socket that a dead daemon left is replaced in one step. */
export async function listenAt(server: Server, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path: temporary, backlog: backlogMax }, resolve)
  })
  chmodSync(temporary, 0o600)
  renameSync(temporary, path)
}

/** A node's whole set of pods may start at once, each with a plugin that connects. */
const backlogMax = 1024
