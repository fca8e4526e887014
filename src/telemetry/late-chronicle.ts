// A chronicle that is kept by another thread: what is noted is told a little later and together, when nobody waits for an
// answer of this one any more.

import type { NodeEvent } from '../core/event.ts'
import type { Chronicle } from '../ports/chronicle.ts'

/** Nobody sees events sooner; and long enough for whoever was answered to be gone. */
const lateMs = 20

export interface LateChronicle extends Chronicle {
  /** Tell what is noted now. */
  flush(): void
}

export function createLateChronicle(tell: (events: readonly NodeEvent[]) => void): LateChronicle {
  let noted: NodeEvent[] = []
  const flush = () => {
    const events = noted
    noted = []
    if (events.length > 0) tell(events)
  }
  return {
    note: event => {
      noted.push(event)
      if (noted.length === 1) setTimeout(flush, lateMs)
    },
    flush
  }
}
