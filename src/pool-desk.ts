// The part of the composition root that concerns pool documents which people apply.

import { existsSync } from 'node:fs'
import { type DaemonConfig, defaultPoolDir } from './config/daemon-config.ts'
import { createPoolDesk } from './config/pool-desk.ts'
import { createPoolFiles } from './config/pool-files.ts'
import { syncDirectory, writeDurably } from './host/durable-file.ts'
import type { PoolDesk } from './ports/pool-desk.ts'

/** In the first pool directory, which has to be there when the daemon starts; why there is none. */
export function poolDeskOf({
  poolDirs
}: Pick<DaemonConfig, 'poolDirs'>): PoolDesk | { readonly why: string } {
  const directories = poolDirs ?? (existsSync(defaultPoolDir) ? [defaultPoolDir] : [])
  const [directory] = directories
  if (directory === undefined) {
    return {
      why: `there is no pool directory to write to; create ${defaultPoolDir} and start the daemon again`
    }
  }
  // A source of its own: what one has read is no news to its watcher.
  const source = createPoolFiles({ directories })
  return createPoolDesk({ directory, source, write: writeDurably, synchronise: syncDirectory })
}
