// Which life of the machine this is.

import { readFileSync } from 'node:fs'
import { ConfigInvalidError } from '../core/errors.ts'

/** Throws ConfigInvalidError when the file cannot be read. */
export function readBootId(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new ConfigInvalidError('bootIdFile', [`cannot be read: ${String(error)}`])
  }
}
