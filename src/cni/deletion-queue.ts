// Releases that plugins wrote down because no daemon answered: drained before the socket opens, and watched
// while the daemon runs (docs/wire.md, "The deletion queue").

import { type FSWatcher, mkdirSync, watch } from 'node:fs'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { AllocatorMessage } from '../actors/messages/allocator.ts'
import { ask } from '../actors/runtime/ask.ts'
import type { ActorRef } from '../actors/runtime/ref.ts'
import type { AttachmentKey } from '../core/attachment.ts'
import { errorCodeOf } from '../core/error-text.ts'
import { FrameInvalidError } from '../core/errors.ts'
import type { Moment } from '../core/sandbox.ts'
import type { Clock } from '../ports/clock.ts'
import type { Coordinator } from '../ports/coordinator.ts'
import type { Log } from '../ports/log.ts'
import { CniError } from './cni-error.ts'
import { beganAt } from './began.ts'
import { attachmentKey } from './environment.ts'
import { frameBytesMax } from './frame.ts'
import { parseNetworkName } from './net-conf.ts'
import { decodeRequest } from './plugin-request.ts'
import { isCoordinatorRole, isIfacerRole } from './roles.ts'

/** Enough to share commits well, few enough not to crowd out the ADDs that flow meanwhile. */
const releasesAtOnce = 64

/** Heals an event that the kernel or the file system did not deliver. */
const rescanMs = 5_000

/** A file under a temporary name that is older than this was left by a plugin that was killed. */
const leftoverAgeMs = 60_000

/** Longer than any disk takes for a commit; what was not answered by then is asked again at the next look. */
const releaseTimeoutMs = 30_000

/** Enough for a person to see what happened. All files count for the 4,096 that plugins let a queue hold. */
const refusedFilesMax = 256

const queuedSuffix = '.del'
const refusedSuffix = '.refused'

/** What became of one file. */
type Outcome = 'released' | 'refused' | 'waits'

export interface DeletionQueueOptions {
  readonly directory: string
  readonly allocator: ActorRef<AllocatorMessage>
  readonly coordinator: Pick<Coordinator, 'undo'>
  /** The current boot id. */
  readonly boot: string
  readonly clock: Clock
  readonly log: Log
}

export class DeletionQueue {
  readonly #options: DeletionQueueOptions
  #watcher: FSWatcher | undefined
  #cancelRescan = () => {}
  #draining: Promise<void> | undefined
  #again = false

  constructor(options: DeletionQueueOptions) {
    this.#options = options
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  }

  /** Release all that is written down now. Two calls at once become one after the other. */
  drain(): Promise<void> {
    if (this.#draining !== undefined) {
      this.#again = true
      return this.#draining
    }
    this.#draining = this.#drainAll().finally(() => (this.#draining = undefined))
    return this.#draining
  }

  watch(): void {
    const { directory, clock, log } = this.#options
    const soon = () => void this.drain()
    try {
      this.#watcher = watch(directory, { persistent: false }, soon)
      this.#watcher.on('error', error =>
        log.warn({ error }, 'the deletion queue is looked at less often')
      )
    } catch (error) {
      log.warn(
        { error, directory },
        'the deletion queue cannot be watched; it is looked at less often'
      )
    }
    const rescan = () => {
      soon()
      this.#cancelRescan = clock.after(rescanMs, rescan)
    }
    this.#cancelRescan = clock.after(rescanMs, rescan)
  }

  async stop(): Promise<void> {
    this.#watcher?.close()
    this.#cancelRescan()
    await this.#draining
  }

  async #drainAll(): Promise<void> {
    const { directory, log } = this.#options
    do {
      this.#again = false
      try {
        const names = await readdir(directory)
        await Promise.all(names.filter(name => name.startsWith('.')).map(name => this.#sweep(name)))
        const queued = names.filter(name => name.endsWith(queuedSuffix) && !name.startsWith('.'))
        const outcomes: Outcome[] = []
        for (let i = 0; i < queued.length; i += releasesAtOnce) {
          const some = queued.slice(i, i + releasesAtOnce)
          outcomes.push(...(await Promise.all(some.map(name => this.#release(name)))))
        }
        const count = outcomes.filter(outcome => outcome === 'released').length
        if (count > 0) log.info({ count }, 'deletion queue drained')
        if (outcomes.includes('refused')) await this.#dropOldRefused()
      } catch (error) {
        log.error({ error, directory }, 'the deletion queue cannot be read')
      }
    } while (this.#again)
  }

  /** One file: it goes when its release is durable, or aside when it is none. */
  async #release(name: string): Promise<Outcome> {
    const { directory, clock, log } = this.#options
    const path = join(directory, name)
    try {
      const { content, version } = await readQueued(path)
      const request = decodeRequest(content)
      const { verb, boot, start, conf, role } = request
      if (verb !== 'DEL' || boot === undefined) throw new FrameInvalidError('no queued DEL')
      const key = attachmentKey(request, parseNetworkName(conf))
      const began = boot === this.#options.boot ? beganAt(start, boot, clock) : { boot, ns: start }
      const durable = await this.#undo(role, key, began)
      // A later DEL of the same attachment may have taken its place meanwhile, and is still to be done.
      if (!durable || (await versionOf(path)) !== version) return 'waits'
      await rm(path, { force: true })
      return 'released'
    } catch (error) {
      // A person has taken it away.
      if (errorCodeOf(error) === 'ENOENT') return 'waits'
      if (error instanceof FrameInvalidError || error instanceof CniError) {
        log.error({ file: path, error }, 'a queued release is unreadable and put aside')
        await rename(path, path + refusedSuffix).catch(() => {})
        return 'refused'
      }
      log.warn({ file: path, error }, 'a queued release waits')
      return 'waits'
    }
  }

  async #undo(role: string, key: AttachmentKey, began: Moment): Promise<boolean> {
    const { allocator, coordinator, clock } = this.#options
    if (isIfacerRole(role)) return true
    if (isCoordinatorRole(role)) return coordinator.undo({ ...key, role: 'coordinator' }, began)
    const timing = { clock, timeoutMs: releaseTimeoutMs }
    const release = { type: 'Release', key, began, isQueued: true } as const
    return (await ask(allocator, release, timing)).durable
  }

  /** Whoever writes garbage again and again must not leave plugins without room for their releases. */
  async #dropOldRefused(): Promise<void> {
    const { directory, log } = this.#options
    const names = await readdir(directory)
    const refused = await Promise.all(
      names
        .filter(name => name.endsWith(queuedSuffix + refusedSuffix))
        .map(async name => ({ name, mtimeMs: (await stat(join(directory, name))).mtimeMs }))
    )
    const old = refused.sort((a, b) => b.mtimeMs - a.mtimeMs).slice(refusedFilesMax)
    if (old.length === 0) return
    await Promise.all(old.map(({ name }) => rm(join(directory, name), { force: true })))
    log.warn({ directory, count: old.length }, 'the oldest unreadable releases are removed')
  }

  /** A plugin that was killed between writing and renaming leaves a hidden file. */
  async #sweep(name: string): Promise<void> {
    const path = join(this.#options.directory, name)
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile() !== true || this.#options.clock.wallMs() - found.mtimeMs < leftoverAgeMs)
      return
    await rm(path, { force: true }).catch(() => {})
  }
}

async function readQueued(path: string): Promise<{ content: Buffer; version: string }> {
  const version = await versionOf(path)
  const { size } = await stat(path)
  if (size > frameBytesMax) throw new FrameInvalidError(`a queued request of ${size} bytes`)
  return { content: await readFile(path), version }
}

/** Another file at the same path has another one, also when it got the inode of the one before. */
async function versionOf(path: string): Promise<string> {
  const { ino, ctimeNs } = await stat(path, { bigint: true })
  return `${ino}:${ctimeNs}`
}
