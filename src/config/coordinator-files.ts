// What the cluster wants of its coordinators, from the SpiderCoordinator among the files of the pools. The last that was
// good is kept on the disk: without it a node that starts while somebody edits would coordinate its pods otherwise.

import { basename } from 'node:path'
import type { CoordinatorWishes } from '../core/coordination/settings.ts'
import type { ClusterWishes } from '../ports/coordinator-settings.ts'
import type { Log } from '../ports/log.ts'
import { formatOf, readBoundedText } from './bounded-text.ts'
import {
  type CoordinatorDocument,
  type CoordinatorReading,
  readCoordinatorText
} from './coordinator-text.ts'
import { scanDirectories } from './directory-scan.ts'
import { watchDirectories } from './directory-watch.ts'
import { maxPoolFileBytes } from './pool-files.ts'

/** The copy on the disk: the text of the file that the document in force is from. */
export interface KeptCopy {
  read(): KeptText | undefined
  /** Undefined: there is none to keep. */
  write(text: KeptText | undefined): void
}

export interface KeptText {
  readonly file: string
  readonly text: string
}

export interface CoordinatorFilesOptions {
  readonly directories: readonly string[]
  readonly copy: KeptCopy
  readonly log: Log
  readonly debounceMs?: number
  readonly rescanMs?: number
}

export interface CoordinatorFiles extends ClusterWishes {
  close(): Promise<void>
}

/** Read them, and again whatever changes. Never rejects for what the outside world does. */
export async function openCoordinatorFiles(
  options: CoordinatorFilesOptions
): Promise<CoordinatorFiles> {
  const files = new WatchedCoordinator(options)
  await files.open()
  return files
}

interface Found extends CoordinatorReading {
  readonly texts: ReadonlyMap<CoordinatorDocument, KeptText>
}

class WatchedCoordinator implements CoordinatorFiles {
  readonly #options: CoordinatorFilesOptions
  #wishes: CoordinatorWishes = {}
  #said = ''
  #kept: string | undefined
  #lastRead: string | undefined
  #reading: Promise<void> = Promise.resolve()
  #unwatch: () => void = () => {}

  constructor(options: CoordinatorFilesOptions) {
    this.#options = options
  }

  current(): CoordinatorWishes {
    return this.#wishes
  }

  async open(): Promise<void> {
    const { directories, log, copy, debounceMs = 100, rescanMs = 15_000 } = this.#options
    const kept = copy.read()
    if (kept !== undefined) this.#use(readCoordinatorText(inputOf(kept)).documents)
    this.#kept = kept?.text
    this.#unwatch = watchDirectories({
      ...{ directories, log, debounceMs, rescanMs },
      lastRead: () => this.#lastRead,
      onChange: () => this.#readAgain()
    })
    this.#readAgain()
    await this.#reading
  }

  async close(): Promise<void> {
    this.#unwatch()
    await this.#reading
  }

  #readAgain(): void {
    this.#reading = this.#reading.then(() => this.#read())
  }

  async #read(): Promise<void> {
    const { log, directories } = this.#options
    const { files, problems, fingerprint } = await scanDirectories(directories)
    const found = await readAll(files)
    this.#lastRead = fingerprint
    const all = [
      ...problems.map(({ source, problem }) => `${source}: ${problem}`),
      ...found.problems
    ]
    const [used, ...others] = found.documents.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const said = JSON.stringify([used?.source, others.map(({ source }) => source), all])
    const isNew = said !== this.#said
    this.#said = said
    // Where something cannot be read it may be the very document: then what was in force stays.
    if (used === undefined && all.length > 0) {
      if (isNew && this.#kept !== undefined) {
        log.warn(
          { problems: all.slice(0, 20) },
          'the SpiderCoordinator cannot be read; the last one stays in force'
        )
      }
      return
    }
    if (isNew && others.length > 0) {
      log.warn(
        { used: used?.source, others: others.map(({ source }) => source) },
        'one SpiderCoordinator is used, and no more'
      )
    }
    this.#use(found.documents.length === 0 ? [] : [used].filter(one => one !== undefined))
    this.#keep(used && found.texts.get(used))
    if (isNew && used !== undefined)
      log.info({ source: used.source }, 'the SpiderCoordinator is in force')
  }

  #use(documents: readonly CoordinatorDocument[]): void {
    this.#wishes = documents[0]?.wishes ?? {}
  }

  #keep(text: KeptText | undefined): void {
    if (text?.text === this.#kept) return
    try {
      this.#options.copy.write(text)
      this.#kept = text?.text
    } catch (error) {
      this.#options.log.warn({ error }, 'the SpiderCoordinator in force cannot be kept on the disk')
    }
  }
}

async function readAll(files: readonly string[]): Promise<Found> {
  const texts = new Map<CoordinatorDocument, KeptText>()
  const documents: CoordinatorDocument[] = []
  const problems: string[] = []
  for (const file of files) {
    try {
      const text = await readBoundedText(file, maxPoolFileBytes)
      const reading = readCoordinatorText(inputOf({ file, text }))
      for (const document of reading.documents) texts.set(document, { file, text })
      documents.push(...reading.documents)
      problems.push(...reading.problems)
    } catch (error) {
      problems.push(`${file}: ${(error as Error).message}`)
    }
  }
  return { documents, problems, texts }
}

function inputOf({ file, text }: KeptText) {
  return { text, format: formatOf(file), label: basename(file) } as const
}
