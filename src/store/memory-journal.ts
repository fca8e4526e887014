// CoordinationJournal without a disk: the twin that tests use, held to the same contract.

import { keyText } from '../core/attachment.ts'
import type {
  CoordinationJournal,
  JournalChange,
  JournalEntry,
  JournalKey
} from '../ports/coordination-journal.ts'

export class MemoryJournal implements CoordinationJournal {
  #entries: ReadonlyMap<string, JournalEntry> = new Map()

  load(): readonly JournalEntry[] {
    return [...this.#entries.values()]
  }

  commit(changes: readonly JournalChange[]): void {
    const entries = new Map(this.#entries)
    for (const change of changes) {
      if (change.type === 'Put') entries.set(textOf(change.entry.key), change.entry)
      else entries.delete(textOf(change.key))
    }
    this.#entries = entries
  }
}

function textOf(key: JournalKey): string {
  return `${key.role} ${keyText(key)}`
}
