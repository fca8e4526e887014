// Files that others wrote, read whole up to a limit, and never waited for: a pipe in the place of a file must
// not hold up the start of the daemon.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

const chunkBytes = 64 * 1024

export interface BoundedFile {
  readonly bytes: Buffer
  readonly modifiedMs: number
}

/** Rejects for what is no regular file, for a symbolic link, and for more than `bytesMax`. */
export async function readBounded(path: string, bytesMax: number): Promise<BoundedFile> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  const found = await file.stat()
  if (!found.isFile()) throw new Error(`${path} is no file`)
  const chunks: Buffer[] = []
  let length = 0
  // Files of /proc say that they have no length, so it is read to the end whatever stat says.
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes)
    if (bytesRead === 0) return { bytes: Buffer.concat(chunks), modifiedMs: found.mtimeMs }
    length += bytesRead
    if (length > bytesMax) throw new Error(`${path} has more than ${bytesMax} bytes`)
    chunks.push(buffer.subarray(0, bytesRead))
  }
}
