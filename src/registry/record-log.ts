// The log of the registry in memory: its records, what they come to, and the rule of who is first at an index.

import { assert } from '../core/assert.ts'
import { advance, type ClusterView, emptyView } from '../core/registry/cluster-view.ts'
import type { Appended, LogSlice } from '../ports/registry.ts'

/** A node that reads the log of a large cluster gets it in some ten slices. */
export const sliceRecordsMax = 500
/** Four of the largest records; keeps an answer far below what the mesh carries. */
export const sliceBytesMax = 256 * 1024

/** What an append comes to: a view that has to be kept, or the answer for the asker. */
export type Judgment =
  | { readonly type: 'Acceptable'; readonly view: ClusterView; readonly record: Uint8Array }
  | Exclude<Appended, { readonly type: 'Appended' }>

export class RecordLog {
  readonly #records: Uint8Array[] = []
  #view = emptyView

  get view(): ClusterView {
    return this.#view
  }

  /** Changes nothing; what is acceptable is for `add`, with nothing in between. */
  judge(index: number, bytes: Uint8Array): Judgment {
    if (index !== this.#view.index + 1) return { type: 'Conflict' }
    // The caller's bytes may be a window of a larger buffer that is used again.
    const record = new Uint8Array(bytes)
    const view = advance(this.#view, record)
    return 'refused' in view
      ? { type: 'Refused', why: view.refused }
      : { type: 'Acceptable', view, record }
  }

  add({ view, record }: Extract<Judgment, { type: 'Acceptable' }>): void {
    assert(view.index === this.#view.index + 1, 'records follow one another')
    this.#records.push(record)
    this.#view = view
  }

  /** As many records as fit, and at least one when there is one. */
  slice(from: number): LogSlice {
    assert(Number.isSafeInteger(from) && from >= 1, 'records are numbered from 1')
    const records: Uint8Array[] = []
    let bytes = 0
    for (const record of this.#records.slice(from - 1, from - 1 + sliceRecordsMax)) {
      bytes += record.length
      if (bytes > sliceBytesMax && records.length > 0) break
      records.push(new Uint8Array(record))
    }
    return { head: this.#view.index, hash: this.#view.hash, records }
  }
}
