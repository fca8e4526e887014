// Space for the write-ahead log, taken before it is needed. While the file still grows, each commit also
// waits for the file system to write down its new size; a log that lies ready halves the time of a commit,
// and a node with a few hundred pods would else stay in its growing years for days.

import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  statfsSync,
  writeSync
} from 'node:fs'
import { dirname } from 'node:path'

/** Where SQLite begins anew: 1000 pages of 4 KiB with their frame headers, and some for a late checkpoint. */
const logBytes = 4608 * 1024

/** A disk with less room than this has better uses for it. */
const freeBytesMin = 64 * 1024 * 1024

/**
 * Fill the log with zeros up to its usual size. What follows the last valid frame means nothing to SQLite
 * (file format, section 4.2: frames count while salts and checksums match), so this is safe at any time.
 */
export function reserveLogSpace(databasePath: string): void {
  const { bavail, bsize } = statfsSync(dirname(databasePath))
  if (bavail * bsize < freeBytesMin) return
  const log = openSync(`${databasePath}-wal`, constants.O_RDWR | constants.O_CREAT, 0o600)
  try {
    const { size } = fstatSync(log)
    if (size >= logBytes) return
    try {
      const zeros = Buffer.alloc(logBytes - size)
      for (let at = 0; at < zeros.length;) at += writeSync(log, zeros, at, undefined, size + at)
      fdatasyncSync(log)
    } catch {
      ftruncateSync(log, size)
    }
  } finally {
    closeSync(log)
  }
}
