// Pools from the files of directories, normally a mounted ConfigMap.

import { basename } from 'node:path'
import type { Log } from '../ports/log.ts'
import type { PoolDocument, PoolListing, PoolProblem, PoolSource } from '../ports/pool-source.ts'
import { formatOf, readBoundedText } from './bounded-text.ts'
import { scanDirectories } from './directory-scan.ts'
import { watchDirectories } from './directory-watch.ts'
import { readPoolText } from './pool-text.ts'

/** What a ConfigMap can hold at most (kubernetes.io, "ConfigMaps"); more is no pool file. */
export const maxPoolFileBytes = 1_048_576

export interface PoolFilesOptions {
  /** Read in this order; within one, files in the order of their names. */
  readonly directories: readonly string[]
  readonly log?: Log
  /** How long to gather events before saying that something changed. */
  readonly debounceMs?: number
  /** How often to look whether an event was lost or a directory has appeared. */
  readonly rescanMs?: number
}

/**
 * All *.yaml, *.yml and *.json of the directories. A file may hold several YAML documents and
 * `List`s of them. What cannot be read is a problem of the listing, with `unread` where it may hide
 * a pool.
 */
export function createPoolFiles(options: PoolFilesOptions): PoolSource {
  const { directories, log, debounceMs = 100, rescanMs = 15_000 } = options
  /** Taken before the files were opened, so a change meanwhile differs from it. */
  let lastRead: string | undefined

  async function read(): Promise<PoolListing> {
    const { files, problems, fingerprint } = await scanDirectories(directories)
    const listings: PoolListing[] = [{ documents: [], problems, skipped: [] }]
    for (const file of files) {
      const label = directories.length === 1 ? basename(file) : file
      listings.push(await readPoolFile(file, label))
    }
    lastRead = fingerprint
    return joined(listings)
  }

  return {
    read,
    watch: onChange =>
      watchDirectories({
        directories,
        log,
        debounceMs,
        rescanMs,
        lastRead: () => lastRead,
        onChange
      })
  }
}

async function readPoolFile(file: string, label: string): Promise<PoolListing> {
  try {
    const text = await readBoundedText(file, maxPoolFileBytes)
    return readPoolText({ text, format: formatOf(file), label, file })
  } catch (error) {
    const problem: PoolProblem = { source: label, problem: (error as Error).message, unread: file }
    return { documents: [], problems: [problem], skipped: [] }
  }
}

function joined(listings: readonly PoolListing[]): PoolListing {
  const documents: PoolDocument[] = listings.flatMap(listing => listing.documents)
  return {
    documents,
    problems: listings.flatMap(listing => listing.problems),
    skipped: listings.flatMap(listing => listing.skipped)
  }
}
