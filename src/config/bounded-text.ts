// The text of a file that people or programs keep: of limited size, and never waited for.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { extname } from 'node:path'

/** Rejects for what is no regular file (a FIFO would block), no UTF-8, or more than `bytesMax`. */
export async function readBoundedText(file: string, bytesMax: number): Promise<string> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  if (!(await handle.stat()).isFile()) throw new Error('is no regular file')
  const chunks: Buffer[] = []
  // `end` belongs to what is read: one byte more than may be there.
  for await (const chunk of handle.createReadStream({ end: bytesMax, autoClose: false })) {
    chunks.push(chunk as Buffer)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length > bytesMax) throw new Error(`is larger than ${bytesMax} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('is no UTF-8 text')
  }
}

export function formatOf(file: string): 'json' | 'yaml' {
  return extname(file) === '.json' ? 'json' : 'yaml'
}
