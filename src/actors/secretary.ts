// SECRETARY: keeps this node's copy of the registry, and brings proposals to the registry. It does one thing at
// a time: read, learn what is new, then propose the first of what is wanted, at the next index. What people want of
// this node alone it writes down.

import { Backoff } from '../core/backoff.ts'
import { advance, type ClusterView, isOfOneLog } from '../core/registry/cluster-view.ts'
import type { Proposal, RegistryRecord } from '../core/registry/record.ts'
import { formatRecord } from '../core/registry/record-text.ts'
import { messageOf } from '../core/error-text.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { Registry } from '../ports/registry.ts'
import type { AppendDone, SecretaryMessage, SliceRead } from './messages/secretary.ts'
import { carryOutDrain, writeDown } from './drain-order.ts'
import { lively } from './runtime/lively.ts'
import { HeadReaders } from './head-readers.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import { type Pending, Proposals } from './proposals.ts'
import { type Wishes, wishOf } from './wishes.ts'

const mailboxLimit = 4_096

/** How often the registry is looked at when nobody says that there is news; in all, twenty times a second. */
const pollMs = { least: 10_000, perMember: 50 }
/** The same for a node that is no member yet: nothing else tells it that it may be one now. */
const strangerPollMs = 1_000
/** After somebody else was first. */
const conflictMs = { first: 5, most: 2_000 }
/** After a failure: at first and at most. */
const retryMs = { first: 200, most: 5_000 }

export interface SecretaryOptions {
  readonly registry: Registry
  readonly store: AttachmentStore
  readonly log: Log
  readonly random: Random
  readonly node: string
  readonly wishes: Wishes
  /** This node's copy of the registry, as it is stored. */
  readonly learned: readonly Uint8Array[]
  /** What that comes to: a tenth of a second of work in a cluster of a thousand. */
  readonly view: ClusterView
  /** Tells everybody, before the next message is handled. */
  readonly onView: (view: ClusterView) => void
  readonly onDrain: (isDraining: boolean) => void
}

type Context = ActorContext<SecretaryMessage>

/** What is on its way to the registry. */
interface Posted {
  readonly index: number
  readonly bytes: Uint8Array
  readonly proposal: Proposal
  readonly pending: Pending | undefined
}

export function secretary(options: SecretaryOptions): Behaviour<SecretaryMessage, Secretary> {
  return {
    name: 'secretary',
    mailboxLimit,
    start: context => new Secretary(options, context),
    ...lively<SecretaryMessage, Secretary>()
  }
}

class Secretary {
  readonly #options: SecretaryOptions
  readonly #context: Context
  readonly #records: Uint8Array[]
  readonly #proposals = new Proposals()
  #view: ClusterView
  /** A question to the registry is open. */
  #isBusy = false
  #wantsRead = true
  readonly #readers = new HeadReaders()
  #posted: Posted | undefined
  readonly #failures: Backoff
  readonly #conflicts: Backoff
  #trouble: string | undefined
  /** What the registry refused is not asked for again before it has gone on. */
  #refusedAt = -1

  constructor(options: SecretaryOptions, context: Context) {
    this.#options = options
    this.#context = context
    const chance = () => options.random.next()
    this.#failures = new Backoff(retryMs.first, retryMs.most, chance)
    this.#conflicts = new Backoff(conflictMs.first, conflictMs.most, chance)
    this.#records = [...options.learned]
    this.#view = options.view
  }

  describe(): unknown {
    const [{ cluster, index, members }, trouble] = [this.#view, this.#trouble]
    return { cluster, head: index, members: members.size, asks: this.#isBusy, trouble }
  }

  receive(message: SecretaryMessage): void {
    switch (message.type) {
      case 'Learn':
        this.#wantsRead = true
        return this.#work()
      case 'ReadHead':
        this.#readers.add(message.replyTo)
        this.#wantsRead = true
        return this.#work()
      case 'Propose': {
        this.#proposals.add(message, this.#context.clock.monotonicMs())
        return this.#work()
      }
      case 'OrderDrain':
        return message.replyTo(carryOutDrain(message, this.#options.store, this.#options.onDrain))
      case 'WantDomains':
        this.#options.wishes.domains = message.domains
        return this.#work()
      case 'SliceRead':
        return this.#learn(message)
      case 'ReadFailed':
        this.#isBusy = false
        this.#readers.answer(undefined)
        return this.#failed(messageOf(message.error))
      case 'AppendDone':
        return this.#appended(message)
      case 'DescribeRegistry':
        return message.replyTo({ view: this.#view, records: this.#records, trouble: this.#trouble })
    }
  }

  #work(): void {
    if (this.#isBusy) return
    if (this.#wantsRead) return this.#read()
    const next = this.#nextRecord()
    if (next !== undefined) return this.#append(next.proposal, next.pending)
    this.#context.schedule('poll', this.#pollMs() * (0.75 + this.#options.random.next() / 2), {
      type: 'Learn'
    })
  }

  #pollMs(): number {
    const { byIncarnation, members } = this.#view
    if (!byIncarnation.has(this.#options.wishes.incarnation)) return strangerPollMs
    return Math.max(pollMs.least, pollMs.perMember * members.size)
  }

  #read(): void {
    this.#isBusy = true
    this.#wantsRead = false
    this.#readers.begin()
    const from = this.#view.index + 1
    this.#context.pipe(
      this.#options.registry.read(from),
      slice => ({ type: 'SliceRead', slice, from }),
      error => ({ type: 'ReadFailed', error })
    )
  }

  #learn({ slice, from }: SliceRead): void {
    this.#isBusy = false
    const news = slice.records.slice(Math.max(0, this.#view.index + 1 - from))
    if (!isOfOneLog(this.#view, { ...slice, records: news })) return this.#rolledBack(slice.head)
    for (const bytes of news) {
      if (!this.#take(bytes)) return this.#failed(this.#trouble ?? 'the disk refuses')
    }
    this.#failures.reset()
    this.#trouble = undefined
    if (slice.head > this.#view.index) {
      // There is more of it: who asked for the head gets it when this node has it.
      this.#readers.postpone()
      this.#wantsRead = true
    } else {
      this.#settlePosted()
      this.#readers.answer(this.#view.index)
    }
    this.#work()
  }

  /** One more record: judged, made durable, told. */
  #take(bytes: Uint8Array): boolean {
    const next = advance(this.#view, bytes)
    if ('refused' in next) {
      this.#trouble = `record ${this.#view.index + 1} of the registry breaks its rules: ${next.refused}`
      return false
    }
    const { store } = this.#options
    const why = writeDown(store, { type: 'LearnRecord', index: next.index, record: bytes })
    if (why !== undefined) {
      this.#trouble = why
      return false
    }
    this.#view = next
    this.#records.push(bytes)
    this.#options.onView(next)
    return true
  }

  #rolledBack(head: number): void {
    const trouble =
      `REGISTRY_ROLLBACK: the registry ends at record ${head} or has another one there, and this node knows ` +
      `${this.#view.index}; nobody joins or leaves until the longest copy (orbweaverd registry) is put back`
    if (this.#trouble !== trouble) this.#options.log.error({ head }, trouble)
    this.#readers.answer(undefined)
    this.#failed(trouble)
  }

  /** What is wanted first: to belong, then custody of the pools' subnets, then what people want. */
  #nextRecord(): { proposal: Proposal; pending: Pending | undefined } | undefined {
    if (this.#refusedAt !== this.#view.index) {
      const proposal = wishOf(this.#options.wishes, this.#view, this.#options.random)
      if (proposal !== undefined) return { proposal, pending: undefined }
    }
    const pending = this.#proposals.first(this.#context.clock.monotonicMs())
    return pending && { proposal: pending.proposal, pending }
  }

  #append(proposal: Proposal, pending: Pending | undefined): void {
    const atMs = this.#context.clock.wallMs()
    const record = { ...proposal, author: this.#options.node, atMs } as RegistryRecord
    const bytes = formatRecord(record)
    const index = this.#view.index + 1
    const judged = advance(this.#view, bytes)
    if ('refused' in judged) return this.#refused(judged.refused, proposal, pending)
    this.#isBusy = true
    this.#posted = { index, bytes, proposal, pending }
    this.#context.pipe(
      this.#options.registry.append(index, bytes),
      outcome => ({ type: 'AppendDone', index, outcome }),
      error => ({ type: 'AppendDone', index, outcome: { type: 'Lost', error } })
    )
  }

  #appended({ outcome }: AppendDone): void {
    this.#isBusy = false
    const posted = this.#posted
    if (posted === undefined) return
    switch (outcome.type) {
      case 'Appended':
        // This node is the first to know it.
        if (!this.#take(posted.bytes)) this.#wantsRead = true
        else this.#settlePosted()
        this.#failures.reset()
        this.#conflicts.reset()
        return this.#work()
      case 'Conflict':
        this.#posted = undefined
        return this.#yield()
      case 'Refused':
        this.#posted = undefined
        return this.#refused(outcome.why, posted.proposal, posted.pending)
      case 'Lost':
        // It may be there all the same: the next reading tells.
        this.#wantsRead = true
        return this.#failed(messageOf(outcome.error))
    }
  }

  /** Somebody else was first; of many who want in at once, not all come again at once. */
  #yield(): void {
    this.#wantsRead = true
    this.#context.schedule('poll', this.#conflicts.next(), { type: 'Learn' })
  }

  #refused(why: string, proposal: Proposal, pending: Pending | undefined): void {
    const { wishes } = this.#options
    if (pending === undefined) {
      // Another subnet may be fine; the catalogue wants this one again when pools change.
      if (proposal.type === 'RangeAdd') {
        wishes.domains = wishes.domains.filter(domain => domain !== proposal.domain)
      } else this.#refusedAt = this.#view.index
      this.#options.log.warn({ why }, 'the registry refuses what this node wants')
    } else {
      this.#proposals.settle(pending, { type: 'NotRecorded', why })
    }
    this.#work()
  }

  /** Is what was posted in the log by now? */
  #settlePosted(): void {
    const posted = this.#posted
    if (posted === undefined) return
    this.#posted = undefined
    const bytes = this.#records[posted.index - 1]
    const isOurs = bytes !== undefined && Buffer.compare(bytes, posted.bytes) === 0
    if (!isOurs || posted.pending === undefined) return
    this.#proposals.settle(posted.pending, { type: 'Recorded', index: posted.index })
  }

  #failed(trouble: string): void {
    if (this.#trouble !== trouble && !this.#failures.isFresh) {
      this.#options.log.warn({ trouble }, 'the registry cannot be followed now')
    }
    this.#trouble = trouble
    // Who waits for a record hears in time that nobody was reached, also while nobody is.
    this.#proposals.first(this.#context.clock.monotonicMs(), trouble)
    this.#wantsRead = true
    this.#context.schedule('poll', this.#failures.next(), { type: 'Learn' })
  }
}
