// What earlier processes have done, from the journal. Nothing survives a reboot, so deeds of another boot are over.

import { keyText } from '../core/attachment.ts'
import type { CoordinationJournal, JournalChange } from '../ports/coordination-journal.ts'
import type { Log } from '../ports/log.ts'
import { type Deed, deedOf } from './deed.ts'
import { Deeds } from './deeds.ts'

export function remember(journal: CoordinationJournal, boot: string, log: Log): Deeds {
  const deeds: Deed[] = []
  const over: JournalChange[] = []
  for (const entry of journal.load()) {
    const { key, sandbox } = entry
    const deed = deedOf(entry)
    if (sandbox.began.boot !== boot) over.push({ type: 'Drop', key })
    else if ('problem' in deed) {
      log.error(
        { key: keyText(key), problem: deed.problem },
        'what was done for a pod cannot be read; it stays on the host'
      )
    } else deeds.push(deed)
  }
  if (over.length > 0) journal.commit(over)
  return new Deeds(deeds)
}
