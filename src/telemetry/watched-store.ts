// A store that tells how long its commits take, and whether the disk takes them.

import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Clock } from '../ports/clock.ts'

export interface WatchedStore extends AttachmentStore {
  /** The last commit was refused. */
  readonly isRefusing: boolean
}

export function watchStore(
  store: AttachmentStore,
  { clock, chronicle }: { readonly clock: Clock; readonly chronicle: Chronicle }
): WatchedStore {
  let isRefusing = false
  return {
    get isRefusing() {
      return isRefusing
    },
    load: () => store.load(),
    loadLeases: () => store.loadLeases(),
    close: () => store.close(),
    commit: changes => {
      const began = clock.monotonicMs()
      isRefusing = true
      try {
        store.commit(changes)
        isRefusing = false
      } finally {
        const ms = clock.monotonicMs() - began
        const isDurable = !isRefusing
        chronicle.note({ type: 'Committed', changes: changes.length, ms, isDurable })
      }
    }
  }
}
