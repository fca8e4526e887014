// What can be set by files below /proc/sys/net, which show the namespace of the thread that opens them.

import { readFileSync, writeFileSync } from 'node:fs'
import { assert } from '../core/assert.ts'
import { errorCodeOf } from '../core/error-text.ts'

/** In a container /proc/sys is only read; what of it may be written is mounted elsewhere, and told here. */
const root = process.env['ORBWEAVER_PROC_SYS'] ?? '/proc/sys'

/** Undefined when the kernel has no such key, e.g. of IPv6 where that is left out. */
export function readSysctl(key: string): string | undefined {
  try {
    return readFileSync(pathOf(key), 'utf8').trimEnd()
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

export function writeSysctl(key: string, value: string): void {
  // Not made when it is missing, and nothing of it is cut off: it is no usual file.
  writeFileSync(pathOf(key), value, { flag: 'r+' })
}

function pathOf(key: string): string {
  const isKey = /^net\/[^\0]+$/.test(key) && !key.split('/').includes('..')
  assert(isKey, `${key} is a key below net/`)
  return `${root}/${key}`
}
