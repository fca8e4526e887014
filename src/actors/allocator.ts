// ALLOCATOR: turns one CNI request into all of its addresses or none, once per attachment, and takes them
// back. It decides, commits, tells: in this order, always.

import { keyText } from '../core/attachment.ts'
import { Admission } from './admission.ts'
import { Departure } from './departure.ts'
import { Growth } from './growth.ts'
import { Keeper } from './keeper.ts'
import { Ledger, type LedgerOptions } from './ledger.ts'
import { LinkCheck } from './link-check.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { Behaviour } from './runtime/behaviour.ts'

/** A burst of every pod a node may have, many times over; each waiting message is a few hundred bytes. */
const mailboxLimit = 65_536

interface State {
  readonly ledger: Ledger
  readonly admission: Admission
  readonly departure: Departure
  readonly links: LinkCheck
  readonly keeper: Keeper
  readonly growth: Growth
}

export function allocator(options: LedgerOptions): Behaviour<AllocatorMessage, State> {
  const { boot, log, facts } = options
  return {
    name: 'allocator',
    mailboxLimit,
    start: context => {
      const wake = () => context.self.insist({ type: 'CommitTick' })
      const ledger = new Ledger(options, wake)
      const links = new LinkCheck(options.link, context)
      const growth = new Growth()
      const admission = new Admission(ledger, boot, context, links, growth)
      const keeper = new Keeper(ledger, facts, growth, context)
      const departure = new Departure(ledger, admission, boot, log, context)
      return { ledger, admission, departure, links, keeper, growth }
    },
    describe: ({ ledger, admission }) => ({
      attachments: ledger.attachments.size,
      kept: ledger.keeps.size,
      requests: admission.open
    }),
    receive: (house, message) => {
      receive(house, message)
      return house
    }
  }
}

function receive(
  { ledger, admission, departure, links, keeper, growth }: State,
  message: AllocatorMessage
): void {
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
      return ledger.deliveries.confirm(keyText(message.key), message.client)
    case 'LinkAnswered':
      return links.answered(message.id, message.answer)
    case 'Find':
      return ledger.whenSettled(message.key, () =>
        message.replyTo(ledger.attachments.get(keyText(message.key)))
      )
    case 'Explain':
      return message.replyTo(admission.explain(message))
    case 'Evict':
      return ledger.whenSettled(message.key, () => departure.evict(message))
    case 'ListAttachments':
      return message.replyTo([...ledger.attachments.values()])
    case 'PoolsChanged':
      return ledger.setPools(message)
    case 'Cooled':
      return departure.forget(message)
    case 'KeptChanged':
      growth.kept(message.news)
      return ledger.keeps.apply(message.subnet, message.news, message.me)
    case 'SpareReserved':
      return keeper.spareReserved(message)
    case 'KeepTick':
      return keeper.tick()
    case 'CommitTick':
      return ledger.commits.flush()
  }
}
