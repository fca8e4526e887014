// The way out: DEL, GC, an answer that nobody took, a namespace that is gone.

import type { Address } from '../core/address.ts'
import { type Attachment, type AttachmentKey, keyText } from '../core/attachment.ts'
import { isToCome } from '../core/attachment-index.ts'
import { StoreFullError } from '../core/errors.ts'
import { ofAttachment, type ReleaseCause } from '../core/event.ts'
import { isBefore, type Moment } from '../core/sandbox.ts'
import type { Change } from '../ports/attachment-store.ts'
import type { Log } from '../ports/log.ts'
import type { Admission } from './admission.ts'
import type { Ledger } from './ledger.ts'
import type {
  Abandon,
  AllocatorMessage,
  Collect,
  Cooled,
  Evict,
  Reap,
  Release,
  Released
} from './messages/allocator.ts'
import type { ActorContext } from './runtime/behaviour.ts'

/** An attachment that ends, and why. */
interface Leaving {
  readonly attachment: Attachment
  readonly cause: ReleaseCause
  readonly why?: string
  /** Its namespace is known to be gone; absent: when it was reaped. */
  readonly vacated?: boolean
}

/** How soon a release that the disk refused is tried again. */
const owedRetryMs = 1_000

export class Departure {
  readonly #ledger: Ledger
  readonly #admission: Admission
  readonly #boot: string
  readonly #log: Log
  readonly #context: ActorContext<AllocatorMessage>
  /** What was promised, or has to be, and the disk refused: by key, how to try again. */
  readonly #owed = new Map<string, () => void>()
  /** Ends of cool-downs that the disk refused. */
  readonly #unforgotten: Cooled[] = []

  constructor(
    ledger: Ledger,
    admission: Admission,
    boot: string,
    log: Log,
    context: ActorContext<AllocatorMessage>
  ) {
    this.#ledger = ledger
    this.#admission = admission
    this.#boot = boot
    this.#log = log
    this.#context = context
  }

  release(message: Release): void {
    const key = keyText(message.key)
    const attachment = this.#ledger.attachments.get(key)
    this.#admission.cancel(key, message.began)
    // A DEL that was queued before the attachment was made belongs to an earlier life of the key.
    const isOlder = attachment && isBefore(message.began, attachment.sandbox.began, this.#boot)
    const cause = message.isQueued === true ? 'Queue' : 'DEL'
    const isOver = isOlder === true || attachment === undefined
    const leaving = isOver ? undefined : ({ attachment, cause } as const)
    this.#depart(message.key, leaving, message.began, outcome => {
      if (outcome.durable) this.#owed.delete(key)
      else this.#owe(message.key, () => this.release({ ...message, replyTo: () => {} }))
      message.replyTo(outcome)
    })
  }

  collect({ network, keep, began, replyTo }: Collect): void {
    const leaving = [...this.#ledger.attachments.values()].filter(
      ({ key, sandbox }) =>
        key.network === network &&
        !keep.has(keyText(key)) &&
        !this.#ledger.isSettling(key) &&
        isBefore(sandbox.began, began, this.#boot)
    )
    let open = leaving.length
    if (open === 0) return replyTo({ type: 'Collected', count: 0 })
    let count = 0
    for (const attachment of leaving) {
      this.#log.info(describe(attachment), 'released: the runtime no longer lists it (GC)')
      this.#depart(attachment.key, { attachment, cause: 'GC' }, began, ({ durable }) => {
        if (durable) count += 1
        open -= 1
        if (open === 0) replyTo({ type: 'Collected', count })
      })
    }
  }

  abandon({ key, client }: Abandon): void {
    this.#admission.abandon(keyText(key), client)
    if (!this.#ledger.deliveries.abandon(keyText(key), client)) return
    const attachment = this.#ledger.attachments.get(keyText(key))
    if (attachment === undefined) return
    this.#log.info(describe(attachment), 'taken back: its client left before it had the answer')
    this.#takeBack({ attachment, cause: 'NotAcknowledged' })
  }

  /** Unless the key has another life by the time the disk takes it. */
  #takeBack(leaving: Leaving): void {
    const { attachment } = leaving
    const { key } = attachment
    if (this.#ledger.attachments.get(keyText(key)) !== attachment) return
    this.#depart(key, leaving, undefined, ({ durable }) => {
      if (!durable) this.#owe(key, () => this.#takeBack(leaving))
    })
  }

  reap({ key, began, why }: Reap): void {
    const attachment = this.#ledger.attachments.get(keyText(key))
    if (attachment === undefined || attachment.sandbox.began.ns !== began.ns) return
    if (attachment.sandbox.began.boot !== began.boot) return
    this.#log.warn({ ...describe(attachment), why }, 'released: its pod is gone and no DEL came')
    this.#depart(key, { attachment, cause: 'Reaped', why }, undefined, () => {})
  }

  /** As reap, at a person's word. */
  evict({ key, began, why, vacated, replyTo }: Evict): void {
    const attachment = this.#ledger.attachments.get(keyText(key))
    const { boot, ns } = attachment?.sandbox.began ?? {}
    if (attachment === undefined || boot !== began.boot || ns !== began.ns) {
      return replyTo(undefined)
    }
    this.#log.warn({ ...describe(attachment), why }, 'released: an operator has ordered it')
    this.#depart(key, { attachment, cause: 'Operator', why, vacated }, undefined, replyTo)
  }

  /** The store need not remember these any longer. */
  forget(message: Cooled): void {
    const { addresses, until } = message
    this.#ledger.commits.add({
      changes: [{ type: 'Forget', addresses, until, boot: this.#boot }],
      onDurable: () => {},
      onFailed: () => {
        this.#unforgotten.push(message)
        this.#context.schedule('owed', owedRetryMs, { type: 'OwedTick' })
      }
    })
  }

  retryOwed(): void {
    for (const message of this.#unforgotten.splice(0)) this.forget(message)
    const owed = [...this.#owed.values()]
    this.#owed.clear()
    for (const retry of owed) retry()
  }

  #owe(key: AttachmentKey, retry: () => void): void {
    this.#owed.set(keyText(key), () => this.#ledger.whenSettled(key, retry))
    this.#context.schedule('owed', owedRetryMs, { type: 'OwedTick' })
  }

  /** Let the addresses go, and with `buried` no ADD that began before come back. */
  #depart(
    key: AttachmentKey,
    leaving: Leaving | undefined,
    buried: Moment | undefined,
    onDone: (outcome: Released) => void
  ): void {
    const ledger = this.#ledger
    const since = this.#context.clock.monotonicMs()
    const changes: Change[] = []
    const addresses: Address[] = []
    if (leaving !== undefined) {
      const { attachment } = leaving
      addresses.push(...attachment.assignments.map(({ address }) => address))
      changes.push({ type: 'Detach', key, addresses, since, boot: this.#boot })
    }
    if (buried !== undefined) {
      const { tombstone, dropped, horizon } = ledger.tombstones.bury({ key, began: buried })
      changes.push({ type: 'Bury', tombstone })
      if (horizon !== undefined) changes.push({ type: 'Unbury', keys: dropped, horizon })
    }
    ledger.decide(
      key,
      changes,
      () => {
        if (leaving !== undefined) this.#detached(leaving, since)
        onDone({ type: 'Released', addresses, durable: true, isDiskFull: false })
      },
      error => {
        const isDiskFull = error instanceof StoreFullError
        onDone({ type: 'Released', addresses: [], durable: false, isDiskFull })
      }
    )
  }

  #detached({ attachment, cause, why, ...leaving }: Leaving, since: number): void {
    const { key, assignments, sandbox } = attachment
    const { vacated = cause === 'Reaped' } = leaving
    this.#ledger.attachments.delete(key)
    this.#ledger.deliveries.settle(keyText(key))
    this.#ledger.chronicle.note({
      ...{ type: 'Released', ...ofAttachment(attachment), cause },
      ...(why !== undefined && { why })
    })
    for (const assignment of assignments) {
      const { address } = assignment
      this.#ledger.subnetOf(assignment).insist({ type: 'Cool', address, since, sandbox, vacated })
    }
    // A sandbox that loses an interface is taken down: those whose ADD has not come will get none.
    for (const companion of this.#ledger.attachments.of(key.containerId)) {
      if (!isToCome(companion.key)) continue
      this.#ledger.whenSettled(companion.key, () =>
        this.#takeBack({ attachment: companion, cause: 'Companion' })
      )
    }
  }
}

function describe({ key, pod }: Attachment): Record<string, unknown> {
  return { ...key, pod: pod.name, namespace: pod.namespace }
}
