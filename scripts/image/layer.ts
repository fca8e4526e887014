// A layer of an image: entries as a tar archive, compressed, named by their digests. The same entries give the
// same bytes on every machine that has the same Node.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { type Entry, contentOf } from './entry.ts'

/** Bytes with what OCI calls them. */
export interface Blob {
  readonly bytes: Buffer
  /** sha256:… */
  readonly digest: string
}

export interface Layer {
  readonly blob: Blob
  /** Of the archive before it was compressed: OCI's diff_id. */
  readonly diffId: string
  readonly unpackedBytes: number
  readonly files: number
}

/** Further levels take twice the time for one part in a hundred. */
const level = 6

export function blobOf(bytes: Buffer): Blob {
  return { bytes, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
}

/** `cache`: a directory where what was compressed once is found again. */
export async function layerOf(entries: readonly Entry[], cache: string): Promise<Layer> {
  const archive = await archiveOf(entries)
  const { digest: diffId } = blobOf(archive)
  const known = join(cache, `${diffId.replace(':', '-')}.gz`)
  if (!existsSync(known)) {
    mkdirSync(cache, { recursive: true })
    const half = `${known}.${process.pid}`
    writeFileSync(half, await promisify(gzip)(archive, { level }))
    renameSync(half, known)
  }
  const files = entries.filter(({ type }) => type === 'file')
  return {
    blob: blobOf(readFileSync(known)),
    diffId,
    unpackedBytes: files.reduce((sum, entry) => sum + sizeOf(entry), 0),
    files: files.length
  }
}

/** All of root, all of the beginning of 1970: an archive that tells nothing but its content. */
export async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack()
  const whole = buffer(archive)
  for (const entry of entries) {
    const { path: name, mode, type } = entry
    const header = { name, mode, type, uid: 0, gid: 0, mtime: new Date(0) }
    if (entry.type === 'file') archive.entry(header, contentOf(entry))
    else archive.entry(entry.type === 'symlink' ? { ...header, linkname: entry.to } : header)
  }
  archive.finalize()
  return whole
}

function sizeOf(entry: Entry): number {
  return entry.type === 'file' ? contentOf(entry).length : 0
}
