// What a failure of SQLite means: the world's fault, damage, or a mistake of ours.

import { errorCodeOf } from '../core/error-text.ts'
import {
  OrbweaverError,
  StoreCorruptError,
  StoreFailedError,
  StoreFullError
} from '../core/errors.ts'

/** Broken constraints and everything that is not SQLite's come back as they are. */
export function failureOf(error: unknown): unknown {
  if (error instanceof OrbweaverError) return error
  const code = errorCodeOf(error) ?? ''
  if (code === 'SQLITE_FULL') {
    return new StoreFullError('the disk under the state directory is full', { cause: error })
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new StoreCorruptError(String(error), { cause: error })
  }
  if (code.startsWith('SQLITE_CONSTRAINT') || !code.startsWith('SQLITE_')) return error
  return new StoreFailedError(`${code}: ${String(error)}`, { cause: error })
}
