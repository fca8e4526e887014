// What is known of pods from files of Kubernetes objects, which somebody keeps up to date: read beside the thread
// that serves pods, and swapped as a whole when all of it is there.

import { basename, dirname, resolve } from 'node:path'
import type { Pod } from '../core/attachment.ts'
import type { Facts, Presence, Workload, WorkloadReference } from '../core/selection/facts.ts'
import {
  emptyIndex,
  factsOf,
  indexOf,
  notIn,
  presenceOf,
  workloadKey,
  workloadOf
} from '../core/selection/kube-index.ts'
import type { KubeObject } from '../core/selection/kube-objects.ts'
import type { Log } from '../ports/log.ts'
import type { PodFacts } from '../ports/pod-facts.ts'
import { type DirectoryScan, scanDirectories } from './directory-scan.ts'
import { watchDirectories } from './directory-watch.ts'
import { readFactFiles } from './fact-reading.ts'
import type { FactReading } from './fact-text.ts'

export interface FactFilesOptions {
  /** Of an object that is told twice the later one counts, in this order and that of the files' names. */
  readonly directories: readonly string[]
  /** What is known without any file. */
  readonly own: Facts
  readonly log: Log
  /** How long to gather events before files are read again. */
  readonly debounceMs?: number
  /** How often to look whether an event was lost or a directory has appeared. */
  readonly rescanMs?: number
}

/** The facts that files tell; `close` ends reading and watching. */
export interface FactFiles extends PodFacts {
  close(): Promise<void>
}

/**
 * Read all *.yaml, *.yml and *.json of the directories, and again whatever changes. What cannot be read is in the
 * log, and what was known of that file stays. Never rejects.
 */
export async function openFactFiles(options: FactFilesOptions): Promise<FactFiles> {
  const files = new WatchedFacts(options)
  await files.open()
  return files
}

interface Known {
  /** Undefined: to be read again at the next occasion, whether it has changed or not. */
  readonly print: string | undefined
  readonly objects: readonly KubeObject[]
  readonly problems: readonly string[]
}

const nothing: Known = { print: undefined, objects: [], problems: [] }

/** More would not be read by anybody. */
const maxProblems = 50

class WatchedFacts implements FactFiles {
  readonly #options: FactFilesOptions
  readonly #listeners = new Set<() => void>()
  readonly #ending = new AbortController()
  #known: ReadonlyMap<string, Known> = new Map()
  #index = emptyIndex
  /** Controllers that some file told of since this process began: what was never there cannot be gone. */
  readonly #toldOnce = new Set<string>()
  /** Nothing of the files is hidden by a mistake in them: what they do not tell of is not there. */
  #isComplete = false
  #problems: ReadonlySet<string> = new Set()
  #lastRead: string | undefined
  /** One after the other: what was seen later is swapped in later. */
  #reading: Promise<void> = Promise.resolve()
  #isWaiting = false
  #unwatch: () => void = () => {}

  constructor(options: FactFilesOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { directories, log, debounceMs = 100, rescanMs = 15_000 } = this.#options
    this.#unwatch = watchDirectories({
      ...{ directories, log, debounceMs, rescanMs },
      lastRead: () => this.#lastRead,
      onChange: () => this.#readAgain()
    })
    this.#readAgain()
    await this.#reading
  }

  of(pod: Pod): Facts {
    return factsOf(this.#index, pod, this.#options.own)
  }

  workload(which: WorkloadReference): Workload | 'Gone' | 'Unknown' {
    const told = workloadOf(this.#index, which)
    const isGone = this.#isComplete && this.#toldOnce.has(workloadKey(which))
    return told ?? (isGone ? 'Gone' : 'Unknown')
  }

  presence(pod: Pod): Presence {
    const presence = presenceOf(this.#index, pod)
    return presence === 'Untold' && !this.#isComplete ? 'Unknown' : presence
  }

  watch(onChange: () => void): () => void {
    // Each has its own place, even when one function is given twice.
    const listener = () => onChange()
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#unwatch()
    this.#listeners.clear()
    this.#ending.abort()
    await this.#reading
  }

  #readAgain(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#reading = this.#reading.then(() => {
      this.#isWaiting = false
      return this.#read()
    })
  }

  async #read(): Promise<void> {
    const { signal } = this.#ending
    const scan = await scanDirectories(this.#options.directories)
    const changed = scan.files.filter(
      file => this.#known.get(file)?.print !== scan.prints.get(file)
    )
    const labelled = changed.map(path => ({ path, label: this.#labelOf(path) }))
    const readings = await readFactFiles(labelled, signal)
    if (signal.aborted) return
    this.#swap(scan, new Map(changed.flatMap((file, i) => [[file, readings[i] ?? none] as const])))
    for (const listener of this.#listeners) listener()
  }

  #labelOf(path: string): string {
    return this.#options.directories.length === 1 ? basename(path) : path
  }

  #swap(scan: DirectoryScan, readings: ReadonlyMap<string, FactReading>): void {
    const known = new Map(this.#unlisted(scan))
    for (const file of scan.files) {
      const earlier = this.#known.get(file) ?? nothing
      const reading = readings.get(file)
      known.set(file, reading ? after(earlier, reading, scan.prints.get(file)) : earlier)
    }
    this.#known = known
    this.#index = indexOf([...known.values()].flatMap(({ objects }) => objects))
    for (const owner of this.#index.owners.keys()) this.#toldOnce.add(owner)
    this.#lastRead = scan.fingerprint
    const hidden = [
      ...scan.problems.map(({ source, problem }) => `${source}: ${problem}`),
      ...[...known.values()].flatMap(({ problems }) => problems)
    ]
    this.#isComplete = hidden.length === 0
    this.#report([...hidden, ...this.#index.problems])
  }

  /** Files of directories that cannot be listed are not gone. */
  #unlisted({ files, problems }: DirectoryScan): [string, Known][] {
    const unread = new Set(problems.map(problem => resolve(problem.unread)))
    const listed = new Set(files)
    return [...this.#known].filter(
      ([file]) => unread.has(dirname(resolve(file))) && !listed.has(file)
    )
  }

  /** Each problem once, and when it is over. */
  #report(all: readonly string[]): void {
    const { log } = this.#options
    const problems = new Set(all.slice(0, maxProblems))
    for (const problem of problems.difference(this.#problems)) {
      log.warn({ problem }, 'a part of what is told of pods cannot be used')
    }
    for (const problem of this.#problems.difference(problems)) {
      log.info({ problem }, 'a problem with what is told of pods is over')
    }
    this.#problems = problems
    const { pods, namespaces, nodes, owners } = this.#index
    const counts = { pods: pods.size, namespaces: namespaces.size, nodes: nodes.size }
    log.debug(
      { ...counts, owners: owners.size, problems: all.length },
      'what is told of pods is read'
    )
  }
}

const none: FactReading = { objects: [], problems: [], isPartial: true }

/** What a file was known to hold stays as far as nobody can see what it holds now. */
function after(earlier: Known, reading: FactReading, print: string | undefined): Known {
  const { objects, problems, isPartial } = reading
  if (!isPartial) return { print, objects, problems }
  return { print: undefined, objects: [...notIn(earlier.objects, objects), ...objects], problems }
}
