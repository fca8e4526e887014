// A small file with a secret: read only when nobody but its owner can read it.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { messageOf } from '../core/error-text.ts'
import { ConfigInvalidError } from '../core/errors.ts'

/** Throws ConfigInvalidError when it cannot be read, is longer than `bytesMax`, or others may read it. */
export function readPrivate(path: string, bytesMax: number): string {
  let file: number
  try {
    // A pipe in its place must not hold up the start.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new ConfigInvalidError(path, [`cannot be read: ${messageOf(error)}`])
  }
  try {
    const { mode, uid } = fstatSync(file)
    const problems: string[] = []
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0')
      problems.push(`has mode ${shown}, but others may not touch it: chmod 0600`)
    }
    if (uid !== 0 && uid !== process.getuid?.()) {
      problems.push(`belongs to user ${uid}; it must be root's or the daemon's own`)
    }
    if (problems.length > 0) throw new ConfigInvalidError(path, problems)
    const buffer = Buffer.alloc(bytesMax + 1)
    const length = readSync(file, buffer, 0, buffer.length, 0)
    if (length > bytesMax) throw new ConfigInvalidError(path, [`has more than ${bytesMax} bytes`])
    return buffer.toString('utf8', 0, length)
  } catch (error) {
    if (error instanceof ConfigInvalidError) throw error
    throw new ConfigInvalidError(path, [`cannot be read: ${messageOf(error)}`])
  } finally {
    closeSync(file)
  }
}
