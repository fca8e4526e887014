// Noticing changes of directories. Events make it fast, and comparing with what was last read makes
// it certain: inotify loses events, misses what lies behind links, and may not be available at all.

import { type FSWatcher, statSync, watch } from 'node:fs'
import type { Log } from '../ports/log.ts'
import { idOf, scanDirectories } from './directory-scan.ts'

export interface DirectoryWatchOptions {
  readonly directories: readonly string[]
  readonly log: Log | undefined
  readonly debounceMs: number
  readonly rescanMs: number
  /** The fingerprint of what was read last; undefined before the first time. */
  readonly lastRead: () => string | undefined
  readonly onChange: () => void
}

/** Watch until the returned function is called. Never throws, keeps no process alive. */
export function watchDirectories(options: DirectoryWatchOptions): () => void {
  const watches = new DirectoryWatches(options)
  watches.start()
  return () => watches.stop()
}

interface Watch {
  readonly watcher: FSWatcher
  /** Device and inode of the directory that is watched. */
  readonly id: string
}

class DirectoryWatches {
  readonly #options: DirectoryWatchOptions
  readonly #watches = new Map<string, Watch>()
  readonly #complained = new Set<string>()
  #pending: NodeJS.Timeout | undefined
  #rescan: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: DirectoryWatchOptions) {
    this.#options = options
  }

  start(): void {
    for (const directory of this.#options.directories) this.#arm(directory)
    this.#scheduleRescan()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#pending)
    clearTimeout(this.#rescan)
    for (const directory of this.#watches.keys()) this.#disarm(directory)
  }

  /** The first event starts the wait; did later ones prolong it, steady writing would starve us. */
  #changed(): void {
    if (this.#isStopped || this.#pending !== undefined) return
    this.#pending = setTimeout(() => {
      this.#pending = undefined
      this.#options.onChange()
    }, this.#options.debounceMs).unref()
  }

  #arm(directory: string): void {
    try {
      // Before watching: if it is replaced in between, the next look finds another id.
      const id = idOf(statSync(directory, { bigint: true }))
      const watcher = watch(directory, { persistent: false }, () => this.#changed())
      watcher.on('error', error => this.#lost(directory, error))
      this.#watches.set(directory, { watcher, id })
      this.#complained.delete(directory)
    } catch (error) {
      this.#lost(directory, error)
    }
  }

  #disarm(directory: string): void {
    this.#watches.get(directory)?.watcher.close()
    this.#watches.delete(directory)
  }

  /** A directory that is not there is the listing's problem, not ours. */
  #lost(directory: string, error: unknown): void {
    this.#disarm(directory)
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || this.#complained.has(directory)) return
    this.#complained.add(directory)
    const seconds = this.#options.rescanMs / 1000
    const text = `cannot be notified of changes and looks every ${seconds} s instead`
    this.#options.log?.warn({ directory, error: message }, text)
  }

  #scheduleRescan(): void {
    this.#rescan = setTimeout(() => void this.#look(), this.#options.rescanMs).unref()
  }

  async #look(): Promise<void> {
    const { ids, fingerprint } = await scanDirectories(this.#options.directories)
    if (this.#isStopped) return
    this.#rearm(ids)
    const lastRead = this.#options.lastRead()
    if (lastRead !== undefined && lastRead !== fingerprint) this.#changed()
    this.#scheduleRescan()
  }

  /** A directory that was replaced by another one of its name has left our watch behind. */
  #rearm(ids: ReadonlyMap<string, string>): void {
    for (const directory of this.#options.directories) {
      const id = ids.get(directory)
      if (this.#watches.get(directory)?.id === id) continue
      this.#disarm(directory)
      if (id !== undefined) this.#arm(directory)
    }
  }
}
