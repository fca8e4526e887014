// A file of nothing that is given up when the disk is full, so that releases can still be written.

import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Room for the write-ahead log of several hundred releases. */
const ballastBytes = 1024 * 1024

export class Ballast {
  readonly #path: string

  constructor(directory: string) {
    this.#path = join(directory, 'ballast')
  }

  /** Take the room when there is enough of it; a disk that is full already is no failure. */
  load(): void {
    if (existsSync(this.#path)) return
    try {
      const file = openSync(this.#path, 'wx', 0o600)
      try {
        writeSync(file, Buffer.alloc(ballastBytes))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
    } catch {
      this.drop()
    }
  }

  /** Give the room back; false when there was none. */
  drop(): boolean {
    if (!existsSync(this.#path)) return false
    rmSync(this.#path, { force: true })
    return true
  }
}
