// How a server gets its place in the file system.

import type { Server } from 'node:net'

/**
 * Make the server listen on a Unix socket at `path` that only root may use; a socket that a dead daemon
 * left there is replaced. Rejects when the path cannot be used.
 */
export type Listen = (server: Server, path: string) => Promise<void>
