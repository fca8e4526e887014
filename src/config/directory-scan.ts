// Which files of documents are there, and a fingerprint by which to see later whether anything has changed.

import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** A file can hold many documents, so more files than this means a directory of something else. */
export const maxFiles = 1_000

const extensions = ['.yaml', '.yml', '.json']

export interface DirectoryProblem {
  /** The directory, and so is `unread`: what it holds is not fully known. */
  readonly source: string
  readonly problem: string
  readonly unread: string
}

export interface DirectoryScan {
  /** Absolute or relative as the directory was given; sorted by name within each directory. */
  readonly files: readonly string[]
  readonly problems: readonly DirectoryProblem[]
  /** One for each file, by which to see whether it is still the same. */
  readonly prints: ReadonlyMap<string, string>
  /** Equal as long as no file was added, removed, replaced or written to. */
  readonly fingerprint: string
  /** Device and inode of each directory that is there. */
  readonly ids: ReadonlyMap<string, string>
}

/** Look at the directories without opening a file. Never rejects. */
export async function scanDirectories(directories: readonly string[]): Promise<DirectoryScan> {
  const files: string[] = []
  const problems: DirectoryProblem[] = []
  const ids = new Map<string, string>()
  for (const directory of directories) {
    try {
      ids.set(directory, idOf(await stat(directory, { bigint: true })))
      const names = (await readdir(directory)).filter(isDocumentFile).sort()
      const room = maxFiles - files.length
      files.push(...names.slice(0, room).map(name => join(directory, name)))
      if (names.length > room) {
        const limit = `${maxFiles} files are read and no more`
        const problem = `${limit}; ${names.length - room} files of this directory are left out`
        problems.push({ source: directory, problem, unread: directory })
      }
    } catch (error) {
      problems.push({ source: directory, problem: missing(error), unread: directory })
    }
  }
  const prints = await Promise.all(files.map(async file => [file, await printOf(file)] as const))
  const fingerprint = JSON.stringify([[...ids], problems, prints])
  return { files, problems, prints: new Map(prints), fingerprint, ids }
}

/** Hidden files are the kubelet's (..data) or an editor's; so is what ends in ~ or .swp. */
function isDocumentFile(name: string): boolean {
  return !name.startsWith('.') && !name.startsWith('#') && extensions.includes(extname(name))
}

function missing(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such directory; create it, or name another one'
  if (code === 'ENOTDIR') return 'is no directory'
  return `cannot be listed: ${message}`
}

/** Follows links: a ConfigMap mount changes by turning a link to another directory. */
async function printOf(file: string): Promise<string> {
  try {
    const stats = await stat(file, { bigint: true })
    return `${idOf(stats)} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

export function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}
