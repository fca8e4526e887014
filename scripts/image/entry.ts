// What an image consists of: directories, files and links, each with its mode. Owner and times are the same for
// all of them, so that nothing of the machine that built it gets into the image.

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'

export type Entry = {
  /** From the root, without a slash at the beginning. */
  readonly path: string
  readonly mode: number
} & (
  | { readonly type: 'directory' }
  | { readonly type: 'file'; readonly content: Buffer | { readonly from: string } }
  | { readonly type: 'symlink'; readonly to: string }
)

export function directory(path: string, mode = 0o755): Entry {
  return { path, mode, type: 'directory' }
}

export function text(path: string, content: string, mode = 0o644): Entry {
  return { path, mode, type: 'file', content: Buffer.from(content) }
}

export function symlink(path: string, to: string): Entry {
  return { path, mode: 0o777, type: 'symlink', to }
}

/** The content of a file of this machine. */
export function copyOf(from: string, path: string, mode = 0o644): Entry {
  return { path, mode, type: 'file', content: { from } }
}

export function contentOf(entry: Extract<Entry, { type: 'file' }>): Buffer {
  return Buffer.isBuffer(entry.content) ? entry.content : readFileSync(entry.content.from)
}

/** With the directories above them, parents first and else by name: the order in which they are packed. */
export function complete(entries: readonly Entry[]): Entry[] {
  const all = new Map(entries.map(entry => [entry.path, entry]))
  if (all.size < entries.length) throw new Error('two entries of an image have one path')
  for (const { path } of entries) {
    for (let up = posix.dirname(path); up !== '.'; up = posix.dirname(up)) {
      if (!all.has(up)) all.set(up, directory(up))
    }
  }
  // By code units: another machine's language would sort otherwise.
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}
