// Why a namespace cannot be entered, from whatever was thrown on the way.

import { errorCodeOf } from '../core/error-text.ts'

export type EntryObstacle = 'NoNamespace' | 'Forbidden' | 'Failed'

/** Codes of open(2) and setns(2), whose meaning is another elsewhere. */
const byCode: ReadonlyMap<string | undefined, EntryObstacle> = new Map([
  ['EPERM', 'Forbidden'],
  ['EACCES', 'Forbidden'],
  ['ENOENT', 'NoNamespace'],
  ['ENOTDIR', 'NoNamespace'],
  ['ENXIO', 'NoNamespace'],
  ['EINVAL', 'NoNamespace']
])

export function whyNotEntered(error: unknown): EntryObstacle {
  return byCode.get(errorCodeOf(error)) ?? 'Failed'
}
