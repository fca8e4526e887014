// The composition root: builds the adapters, puts the house of actors on them, opens the sockets, and takes
// it all down again in the reverse order.

import { existsSync } from 'node:fs'
import { guard, type House } from './actors/guardian.ts'
import { DeletionQueue } from './cni/deletion-queue.ts'
import { serveCni } from './cni/server.ts'
import { type DaemonConfig, defaultPoolDir } from './config/daemon-config.ts'
import { createPoolFiles } from './config/pool-files.ts'
import { createSamplePool } from './config/sample-pool.ts'
import { StoreCorruptError } from './core/errors.ts'
import { readBootId } from './host/boot-id.ts'
import { createNamespaceFiles } from './host/namespace-files.ts'
import { systemClock as clock } from './host/system-clock.ts'
import { listenAt } from './host/unix-socket.ts'
import type { AttachmentStore } from './ports/attachment-store.ts'
import type { Log } from './ports/log.ts'
import type { PoolSource } from './ports/pool-source.ts'
import { release } from './release.ts'
import { openStore } from './store/open-store.ts'
import { lockState } from './store/state-lock.ts'
import { createLog } from './telemetry/log.ts'

/** What tests put in the place of the real things. */
export interface Substitutes {
  readonly store?: (real: AttachmentStore) => AttachmentStore
}

/** Run until SIGTERM or SIGINT; the exit status. */
export async function runDaemon(
  config: DaemonConfig,
  substitutes: Substitutes = {}
): Promise<number> {
  process.umask(0o077)
  const log = createLog({ level: config.log.level, node: config.nodeName })
  const lock = lockState(config.stateDir, config.lockWaitSeconds * 1_000)
  let endWith: (status: number) => void = () => {}
  const ended = new Promise<number>(resolve => (endWith = resolve))
  process.once('SIGTERM', () => endWith(0))
  process.once('SIGINT', () => endWith(0))
  const onGivenUp = (error: unknown) => {
    log.error({ error }, 'giving up: the actors crash again and again')
    endWith(1)
  }
  const stop = await start(config, log, onGivenUp, substitutes)
  const status = await ended
  log.info({}, 'stopping: what was accepted is finished first')
  await stop()
  lock.release()
  log.info({}, 'stopped')
  return status
}

async function start(
  config: DaemonConfig,
  log: Log,
  onGivenUp: (error: unknown) => void,
  substitutes: Substitutes
): Promise<() => Promise<void>> {
  const boot = readBootId(config.bootIdFile)
  const probe = createNamespaceFiles(config.bootIdFile)
  const opened = openStoreOrSayWhy(config, log)
  let house: House | undefined
  let queue: DeletionQueue | undefined
  let store: AttachmentStore | undefined
  if (!('why' in opened)) {
    store = substitutes.store?.(opened) ?? opened
    house = await guard({
      store,
      source: poolSource(config, log),
      probe,
      clock,
      log,
      boot,
      cooldown: {
        normalMs: config.cooldown.seconds * 1_000,
        scarceMs: config.cooldown.scarceSeconds * 1_000
      },
      reap: {
        everyMs: config.reconcile.everySeconds * 1_000,
        graceMs: config.reconcile.graceSeconds * 1_000
      },
      onGivenUp
    })
    queue = new DeletionQueue({
      directory: config.queueDir,
      allocator: house.allocator,
      clock,
      log
    })
    // What was deleted while no daemon ran is free before anybody can ask for an address.
    await queue.drain()
    queue.watch()
  }
  const node = config.nodeName
  const cannotServe = { why: 'why' in opened ? opened.why : '' }
  const allocator = house?.allocator ?? cannotServe
  const cni = await serveCni(config.socket, listenAt, { allocator, clock, probe, boot, node }, log)
  // Pods are waiting and people are not: HTTP takes longer to load than all the rest.
  const { serveAdmin } = await import('./admin/admin-server.ts')
  const admin = await serveAdmin(
    config.adminSocket,
    listenAt,
    { node, release, clock, house: house ?? cannotServe },
    log
  )
  log.info({ release, socket: config.socket, serving: house !== undefined }, 'ready')
  return async () => {
    await cni.stop()
    await admin.stop()
    await queue?.stop()
    await house?.stop()
    store?.close()
  }
}

/** A store that cannot be trusted is no reason to die: the runtime must hear why nothing is handed out. */
function openStoreOrSayWhy(config: DaemonConfig, log: Log): AttachmentStore | { why: string } {
  try {
    return openStore(config.stateDir)
  } catch (error) {
    if (!(error instanceof StoreCorruptError)) throw error
    log.error({ error }, 'this node serves no addresses')
    return { why: error.message }
  }
}

/** The configured directories, else the usual one when it is there, else the embedded sample. */
function poolSource({ poolDirs }: DaemonConfig, log: Log): PoolSource {
  if (poolDirs !== undefined) return createPoolFiles({ directories: poolDirs, log })
  if (existsSync(defaultPoolDir)) return createPoolFiles({ directories: [defaultPoolDir], log })
  log.info({ directory: defaultPoolDir }, 'no pool directory: the embedded sample pool is used')
  return createSamplePool()
}
