// What people and nodes did with custody, for whoever has to account for it later: lines of JSON in files of root's that
// are only added to, a few of them of a few megabytes. Written beside the path of an ADD: gathered for a moment, then
// written and synchronised in one go.

import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeEvent, ToldEvent } from '../core/event.ts'
import { eventView } from '../core/event-view.ts'
import { messageOf } from '../core/error-text.ts'
import type { ChronicleReader } from '../ports/chronicle.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

/** A busy cluster moves custody some times a second at worst: this is a day of it, and years of a quiet one. */
const fileBytesMax = 8 * 1024 * 1024
/** Beside the one that is written. */
const oldFilesMax = 8
/** What a loss of power may cost at most, beside the write itself. */
const gatherMs = 250
/** While the disk refuses; after that the oldest are lost, and their number is written down. */
const waitingMax = 4_096

const current = 'audit.jsonl'
const oldName = /^audit-(\d{8})\.jsonl$/

const alwaysAudited: ReadonlySet<NodeEvent['type']> = new Set<NodeEvent['type']>([
  ...(['LeaseGranted', 'LeaseReceived', 'LeaseAssigned', 'LeaseReclaimed', 'LeaseLost'] as const),
  ...(['LeaseRetired', 'Contested', 'MemberJoined', 'MemberRemoved', 'OrderGiven'] as const),
  ...(['DrainBegun', 'DrainEnded', 'IncarnationEnded'] as const)
])

/** Also every release that was nobody's DEL. */
function isAudited(event: NodeEvent): event is ToldEvent {
  if (event.type === 'Released') return event.cause === 'Operator' || event.cause === 'Reaped'
  return alwaysAudited.has(event.type)
}

export interface AuditOptions {
  /** Made when it is not there. */
  readonly directory: string
  readonly node: string
  readonly chronicle: ChronicleReader
  readonly clock: Clock
  readonly log: Log
}

export class AuditLog {
  readonly #options: AuditOptions
  readonly #end: () => void
  #waiting: string[] = []
  #lost = 0
  #cancel: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()
  #file: FileHandle | undefined
  #size = 0
  #isRefused = false
  #seq = 0

  constructor(options: AuditOptions) {
    this.#options = options
    this.#end = options.chronicle.count(event => {
      if (isAudited(event)) this.#add(event)
    })
  }

  /** Called inside the noting. */
  #add(event: ToldEvent): void {
    const { clock, node } = this.#options
    this.#seq += 1
    const at = new Date(clock.wallMs()).toISOString()
    this.#waiting.push(`${JSON.stringify({ on: node, ...eventView(this.#seq, at, event) })}\n`)
    this.#trim()
    this.#cancel ??= clock.after(gatherMs, () => {
      this.#cancel = undefined
      this.#writing = this.#writing.then(() => this.#write())
    })
  }

  #trim(): void {
    const excess = this.#waiting.length - waitingMax
    if (excess <= 0) return
    this.#waiting.splice(0, excess)
    this.#lost += excess
  }

  /** Everything that was noted is on the disk, if it takes it. */
  async stop(): Promise<void> {
    this.#end()
    this.#cancel?.()
    await this.#writing
    await this.#write()
    await this.#file?.close()
  }

  async #write(): Promise<void> {
    const lines = this.#waiting
    if (lines.length === 0) return
    this.#waiting = []
    const lost = this.#lost
    const gap = lost > 0 ? `${JSON.stringify({ lost })}\n` : ''
    const bytes = Buffer.from(gap + lines.join(''))
    try {
      const file = await this.#open()
      await file.appendFile(bytes)
      await file.datasync()
      this.#size += bytes.length
      this.#lost -= lost
      this.#isRefused = false
    } catch (error) {
      this.#refused(error)
      this.#waiting = [...lines, ...this.#waiting]
      this.#trim()
    }
  }

  async #open(): Promise<FileHandle> {
    const { directory } = this.#options
    if (this.#file !== undefined && this.#size < fileBytesMax) return this.#file
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if (this.#size >= fileBytesMax) await this.#rotate()
    const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants
    const path = join(directory, current)
    this.#file = await open(path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600)
    this.#size = (await this.#file.stat()).size
    return this.#size < fileBytesMax ? this.#file : await this.#open()
  }

  async #rotate(): Promise<void> {
    const { directory } = this.#options
    await this.#file?.close()
    this.#file = undefined
    const numbers = (await readdir(directory))
      .flatMap(name => oldName.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)
    const next = (numbers.at(-1) ?? 0) + 1
    await rename(join(directory, current), join(directory, nameOf(next)))
    this.#size = 0
    for (const old of numbers.slice(0, Math.max(0, numbers.length + 1 - oldFilesMax))) {
      await rm(join(directory, nameOf(old)), { force: true })
    }
  }

  /** Tried again with the next thing that happens. */
  #refused(error: unknown): void {
    const { log, directory } = this.#options
    if (!this.#isRefused) {
      log.error(
        { directory, why: messageOf(error) },
        'the audit log cannot be written; what happens meanwhile waits'
      )
    }
    this.#isRefused = true
    void this.#file?.close().catch(() => {})
    this.#file = undefined
    this.#size = 0
  }
}

function nameOf(number: number): string {
  return `audit-${String(number).padStart(8, '0')}.jsonl`
}
