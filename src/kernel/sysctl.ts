// What can be set by files below /proc/sys/net, which show the namespace of the thread that opens them. A key that is
// missing is usual here (the links of a pod come later), and a value is a few bytes: Node's own reading would take longer
// to say so than the kernel takes for all of them.

import { constants } from 'node:fs'
import { constants as os } from 'node:os'
import { assert } from '../core/assert.ts'
import { close, hasFailedBecauseOf, open, read, succeed, write } from './libc.ts'

/** In a container /proc/sys is only read; what of it may be written is mounted elsewhere, and told here. */
const root = process.env['ORBWEAVER_PROC_SYS'] ?? '/proc/sys'

/** O_CLOEXEC, which Node has no name for. */
const closeOnExec = 0o2000000

/** Longer than any value of a network; what is longer is told up to here. */
const value = Buffer.alloc(4_096)

/** Undefined when the kernel has no such key, e.g. of IPv6 where that is left out. Throws `SystemFailure`. */
export function readSysctl(key: string): string | undefined {
  const fd = open(pathOf(key), constants.O_RDONLY | closeOnExec)
  if (fd < 0 && hasFailedBecauseOf(os.errno.ENOENT)) return undefined
  return using(key, fd, () => {
    const size = succeed(`reading ${key}`, read(fd, value, value.length))
    return value.toString('utf8', 0, size).trimEnd()
  })
}

/** It is not made when it is missing. Throws `SystemFailure`. */
export function writeSysctl(key: string, text: string): void {
  const fd = open(pathOf(key), constants.O_WRONLY | closeOnExec)
  using(key, fd, () => {
    const bytes = Buffer.from(text)
    succeed(`writing ${key}`, write(fd, bytes, bytes.length))
  })
}

function using<Value>(key: string, fd: number, act: () => Value): Value {
  succeed(`opening ${key}`, fd)
  try {
    return act()
  } finally {
    close(fd)
  }
}

function pathOf(key: string): string {
  const isKey = /^net\/[^\0]+$/.test(key) && !key.split('/').includes('..')
  assert(isKey, `${key} is a key below net/`)
  return `${root}/${key}`
}
