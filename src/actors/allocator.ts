// ALLOCATOR: turns one CNI request into all of its addresses or none, once per attachment, and takes them
// back. It decides, commits, tells: in this order, always.

import type { AttachmentStore, StoredState } from '../ports/attachment-store.ts'
import { keyText } from '../core/attachment.ts'
import type { Log } from '../ports/log.ts'
import { Admission } from './admission.ts'
import { Departure } from './departure.ts'
import { Ledger } from './ledger.ts'
import type { AllocatorMessage, PoolsChanged } from './messages.ts'
import type { Behaviour } from './runtime/actor-system.ts'

/** A burst of every pod a node may have, many times over; each waiting message is a few hundred bytes. */
const mailboxLimit = 65_536

export interface AllocatorOptions {
  readonly store: AttachmentStore
  readonly log: Log
  /** The current boot id. */
  readonly boot: string
  /** What the store remembers. */
  readonly state: StoredState
  readonly pools: PoolsChanged
}

interface State {
  readonly ledger: Ledger
  readonly admission: Admission
  readonly departure: Departure
}

export function allocator(options: AllocatorOptions): Behaviour<AllocatorMessage, State> {
  const { store, log, boot, state, pools } = options
  return {
    name: 'allocator',
    mailboxLimit,
    start: context => {
      const wake = () => context.self.insist({ type: 'CommitTick' })
      const ledger = new Ledger(store, log, boot, state, pools, wake)
      const admission = new Admission(ledger, boot, context)
      return { ledger, admission, departure: new Departure(ledger, admission, boot, log, context) }
    },
    receive: (house, message) => {
      receive(house, message)
      return house
    }
  }
}

function receive({ ledger, admission, departure }: State, message: AllocatorMessage): void {
  switch (message.type) {
    case 'Allocate':
      return ledger.whenSettled(message.key, () => admission.allocate(message))
    case 'Reserved':
      return admission.reserved(message)
    case 'RetryTick':
      return admission.retry(message.errand)
    case 'Release':
      return ledger.whenSettled(message.key, () => departure.release(message))
    case 'Abandon':
      return ledger.whenSettled(message.key, () => departure.abandon(message))
    case 'Reap':
      return ledger.whenSettled(message.key, () => departure.reap(message))
    case 'Collect':
      return departure.collect(message)
    case 'OwedTick':
      return departure.retryOwed()
    case 'Deliver':
      return ledger.deliveries.settle(keyText(message.key))
    case 'Find':
      return ledger.whenSettled(message.key, () =>
        message.replyTo(ledger.attachments.get(keyText(message.key)))
      )
    case 'ListAttachments':
      return message.replyTo([...ledger.attachments.values()])
    case 'PoolsChanged':
      return ledger.setPools(message)
    case 'Cooled':
      return departure.forget(message)
    case 'CommitTick':
      return ledger.commits.flush()
  }
}
