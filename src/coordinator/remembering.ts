// What earlier processes have done, from the journal.

import { keyText } from '../core/attachment.ts'
import type { CoordinationJournal } from '../ports/coordination-journal.ts'
import type { Log } from '../ports/log.ts'
import { type Deed, deedOf } from './deed.ts'
import { Deeds } from './deeds.ts'

export function remember(journal: CoordinationJournal, log: Log): Deeds {
  const deeds: Deed[] = []
  for (const entry of journal.load()) {
    const { key } = entry
    const deed = deedOf(entry)
    if ('problem' in deed) {
      log.error(
        { key: keyText(key), problem: deed.problem },
        'what was done for a pod cannot be read; it stays on the host'
      )
    } else deeds.push(deed)
  }
  return new Deeds(deeds)
}
