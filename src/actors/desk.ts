// What everything that happens in one subnet works on: its custody and book, the store, the way to others.
// Here a decision becomes durable before anything of it is used or told.

import type { AddressBook } from '../core/address-book.ts'
import { StoreFailedError } from '../core/errors.ts'
import type { ToldEvent } from '../core/event.ts'
import type { Custody } from '../core/lease/custody.ts'
import { custodyEvents } from '../core/lease/custody-events.ts'
import { type CustodyChange, isEmptyChange } from '../core/lease/custody-change.ts'
import type { Verdict } from '../core/lease/guards.ts'
import { LeaseMap } from '../core/lease/lease-map.ts'
import {
  compareKeys,
  type MemberIndex,
  type Register,
  type Run,
  sameRegister
} from '../core/lease/register.ts'
import type { Rules } from '../core/lease/rules.ts'
import type { Body, Holding, Marks } from '../core/protocol.ts'
import type { AttachmentStore, Change } from '../ports/attachment-store.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Log } from '../ports/log.ts'
import type { BrokerMessage } from './messages/broker.ts'
import type { InquestMessage } from './messages/inquest.ts'
import type { MembershipMessage } from './messages/membership.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import type { SynchroniserMessage } from './messages/synchroniser.ts'
import type { ActorContext } from './runtime/behaviour.ts'
import type { ActorRef } from './runtime/ref.ts'

/** Whom a subnet talks to. */
export interface Neighbours {
  readonly membership: ActorRef<MembershipMessage>
  readonly synchroniser: ActorRef<SynchroniserMessage>
  readonly broker: ActorRef<BrokerMessage>
  readonly inquest: ActorRef<InquestMessage>
}

export interface DeskOptions {
  readonly custody: Custody
  readonly store: AttachmentStore
  readonly log: Log
  readonly chronicle: Chronicle
  readonly boot: string
  readonly incarnation: string
  readonly rules: Rules
  readonly neighbours: Neighbours
  /** This incarnation has no future. */
  readonly onEnded: (why: string) => void
}

/** How late a commit is that comes after the telling: only where the simulator breaks that rule. */
const brokenCommitMs = 20

export class Desk {
  readonly custody: Custody
  readonly log: Log
  readonly rules: Rules
  readonly incarnation: string
  readonly neighbours: Neighbours
  readonly context: ActorContext<SubnetMessage>
  /** Why no address is handed out now; undefined while they are. */
  notServing: string | undefined
  isEnded = false
  /** This node was away, and has not heard yet whether it forgot anything. */
  isUnconfirmed = false
  /** What it knew when it asked the others whether it has forgotten anything. */
  #asked: LeaseMap | undefined
  readonly #options: DeskOptions
  #isRefused = false

  constructor(options: DeskOptions, context: ActorContext<SubnetMessage>) {
    this.custody = options.custody
    this.log = options.log
    this.rules = options.rules
    this.incarnation = options.incarnation
    this.neighbours = options.neighbours
    this.context = context
    this.#options = options
  }

  get book(): AddressBook {
    return this.custody.book
  }

  get domain(): string {
    return this.custody.domain
  }

  /** Milliseconds that only mean something beside others of them. */
  now(): number {
    return this.context.clock.monotonicMs()
  }

  /** Tell people, of what is so already. */
  note(event: ToldEvent): void {
    this.#options.chronicle.note(event)
  }

  post(to: MemberIndex, body: Body): void {
    this.neighbours.membership.insist({ type: 'Post', to, body })
  }

  holding(pool: string, waiting: number): Holding {
    return { ...this.book.holding(pool), waiting }
  }

  /** The others are asked now: what they say is held against what is known at this moment. */
  noteAsking(): void {
    this.#asked = LeaseMap.of(this.custody.map.runs())
  }

  /** Of what others report, that which this node did not know when it asked. */
  unknownOf(reported: readonly Run[]): readonly Run[] {
    const known = this.#asked
    if (known === undefined || !this.rules.confirmNews) return reported
    const isNews = (told: Register, mine: Register) => {
      const order = compareKeys(told, mine)
      return order > 0 || (order === 0 && !sameRegister(told, mine))
    }
    return reported.filter(run => {
      const mine = known.within(run)
      const covered = mine.reduce((sum, { start, end }) => sum + (end - start), 0n)
      return (
        covered < run.end - run.start || mine.some(({ register }) => isNews(run.register, register))
      )
    })
  }

  /** Make a change durable and let it be so; false when the disk refuses, and then nothing has happened. */
  commit(change: CustodyChange, apply: (change: CustodyChange) => void = this.#apply): boolean {
    if (isEmptyChange(change)) {
      apply(change)
      return true
    }
    const changes = this.#changesOf(change)
    const events = custodyEvents(change, this.custody)
    if (!this.rules.commitFirst) {
      this.context.clock.after(brokenCommitMs, () => void this.#store(changes))
    } else if (!this.#store(changes)) return false
    apply(change)
    for (const event of events) this.note(event)
    return true
  }

  /** Take over what the guards let through. */
  merge(verdict: Pick<Verdict, 'accepted' | 'contests'>, marks: Marks = []): boolean {
    const contests = this.rules.contested ? verdict.contests : []
    return this.commit(this.custody.planMerge({ accepted: verdict.accepted, contests }, marks))
  }

  readonly #apply = (change: CustodyChange): void => this.custody.apply(change)

  /** Others prove that this node's memory is not what it was. It stops at once. */
  end(why: string): void {
    if (this.isEnded) return
    this.isEnded = true
    this.notServing = why
    this.#options.onEnded(why)
  }

  #store(changes: readonly Change[]): boolean {
    try {
      this.#options.store.commit(changes)
    } catch (error) {
      if (!(error instanceof StoreFailedError)) throw error
      if (!this.#isRefused) this.log.error({ error }, 'the disk refuses changes of custody')
      this.#isRefused = true
      return false
    }
    this.#isRefused = false
    return true
  }

  #changesOf({ runs, marks, heard, grant, closed, contests, forgotten }: CustodyChange): Change[] {
    const { domain } = this
    const changes: Change[] = []
    if (runs.added.length > 0 || runs.removed.length > 0) {
      const removed = runs.removed.map(({ start }) => start)
      changes.push({ type: 'PutRuns', domain, removed, added: runs.added })
    }
    if (marks.length > 0) changes.push({ type: 'PutMarks', domain, marks })
    if (heard.length > 0) changes.push({ type: 'PutHeard', domain, marks: heard })
    if (grant !== undefined) {
      changes.push({ type: 'PutGrant', domain, grant })
      const { to: member, id } = grant
      if (id > this.custody.askedBy(member)) {
        changes.push({ type: 'PutAsked', domain, member, id })
      }
    }
    for (const wctr of closed) changes.push({ type: 'DropGrant', domain, wctr })
    for (const contest of contests) changes.push({ type: 'PutContest', domain, contest })
    if (forgotten.length > 0) {
      const { boot } = this.#options
      changes.push({ type: 'Forget', addresses: forgotten, until: this.now(), boot })
    }
    return changes
  }
}
