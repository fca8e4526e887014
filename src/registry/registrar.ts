// Registry in the store of the one node that keeps it. What it answers is linearizable since one process
// judges, commits and adds in one step, and answers only then.

import { StoreCorruptError } from '../core/errors.ts'
import type { ClusterView } from '../core/registry/cluster-view.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Appended, LogSlice, Registry } from '../ports/registry.ts'
import { RecordLog } from './record-log.ts'

export class Registrar implements Registry {
  readonly #store: AttachmentStore
  #log: RecordLog
  /** Whether another log may be the true one is still being found out. */
  isWaiting = false
  #isOvertaken = false

  /** Throws StoreCorruptError when the store has records that no registrar could have written. */
  constructor(store: AttachmentStore) {
    this.#store = store
    const { filed, learned } = store.loadLeases()
    this.#log = logOf(filed)
    if (learned.length > filed.length && startsWith(learned, filed)) this.#takeOver(learned)
  }

  /** Another node knows more of the registry than this log has: it is a copy of the past, or kept elsewhere by now. */
  overtake(): void {
    this.#isOvertaken = true
  }

  get isOvertaken(): boolean {
    return this.#isOvertaken
  }

  /** What this log says may be told. */
  get isOpen(): boolean {
    return !this.isWaiting && !this.#isOvertaken
  }

  get view(): ClusterView {
    return this.#log.view
  }

  /** Rejects when the store could not keep the record; then nothing has changed. */
  async append(index: number, record: Uint8Array): Promise<Appended> {
    const judgment = this.#log.judge(index, record)
    if (judgment.type !== 'Acceptable') return judgment
    this.#store.commit([{ type: 'FileRecord', index, record: judgment.record }])
    this.#log.add(judgment)
    return { type: 'Appended' }
  }

  /** This node becomes the registrar of a cluster it belongs to: what it has learned is the log now. */
  #takeOver(learned: readonly Uint8Array[]): void {
    const log = logOf(learned)
    const records = learned.map(
      (record, i) => ({ type: 'FileRecord', index: i + 1, record }) as const
    )
    this.#store.commit(records.slice(this.view.index))
    this.#log = log
  }

  async read(from: number): Promise<LogSlice> {
    return this.#log.slice(from)
  }
}

function startsWith(records: readonly Uint8Array[], first: readonly Uint8Array[]): boolean {
  return first.every((record, i) => Buffer.compare(record, records[i] ?? new Uint8Array()) === 0)
}

function logOf(filed: readonly Uint8Array[]): RecordLog {
  const log = new RecordLog()
  for (const [i, record] of filed.entries()) {
    const judgment = log.judge(i + 1, record)
    if (judgment.type === 'Acceptable') log.add(judgment)
    else {
      const why = judgment.type === 'Refused' ? `: ${judgment.why}` : ''
      throw new StoreCorruptError(`record ${i + 1} of the registry does not fit those before${why}`)
    }
  }
  return log
}
