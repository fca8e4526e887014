// What the allocator knows of every attachment, and how it becomes durable. A key whose decision waits for
// the disk is settling: whatever else arrives for it waits too, so no handler ever sees half a decision.

import { assert } from '../core/assert.ts'
import { type Assignment, type AttachmentKey, keyText, type Pod } from '../core/attachment.ts'
import { AttachmentIndex } from '../core/attachment-index.ts'
import { cidrOf, formatCidr } from '../core/cidr.ts'
import { KeepIndex } from '../core/keep-index.ts'
import type { Deliveries } from '../core/deliveries.ts'
import type { StoreFailedError } from '../core/errors.ts'
import type { IpPool } from '../core/ip-pool.ts'
import type { Facts } from '../core/selection/facts.ts'
import { Binds } from '../core/lease/binds.ts'
import { type FixedPolicy, identityOf } from '../core/selection/identity.ts'
import type { Keeps } from '../core/selection/question.ts'
import { Tombstones } from '../core/tombstones.ts'
import type { AttachmentStore, Change, StoredState } from '../ports/attachment-store.ts'
import type { Chronicle } from '../ports/chronicle.ts'
import type { Log } from '../ports/log.ts'
import type { LinkParts } from '../ports/link-prober.ts'
import type { PodFacts } from '../ports/pod-facts.ts'
import { CommitQueue } from './commit-queue.ts'
import type { PoolsChanged } from './messages/allocator.ts'
import type { SubnetMessage } from './messages/subnet.ts'
import type { ActorRef } from './runtime/ref.ts'

export interface LedgerOptions {
  readonly store: AttachmentStore
  readonly log: Log
  readonly chronicle: Chronicle
  /** The current boot id. */
  readonly boot: string
  /** What the store remembers. */
  readonly state: StoredState
  readonly pools: PoolsChanged
  readonly deliveries: Deliveries
  readonly facts: PodFacts
  readonly link: LinkParts
  /** Whose pods keep their addresses. */
  readonly fixed: FixedPolicy
}

export class Ledger {
  readonly attachments = new AttachmentIndex()
  readonly keeps = new KeepIndex()
  readonly tombstones: Tombstones
  readonly deliveries: Deliveries
  readonly commits: CommitQueue
  readonly log: Log
  readonly chronicle: Chronicle
  readonly fixed: FixedPolicy
  readonly #settling = new Map<string, (() => void)[]>()
  readonly #facts: PodFacts
  #pools: PoolsChanged

  constructor(options: LedgerOptions, wake: () => void) {
    const { store, log, boot, state, pools, deliveries, facts, fixed } = options
    this.log = log
    this.chronicle = options.chronicle
    this.fixed = fixed
    this.#facts = facts
    this.commits = new CommitQueue(store, log, wake)
    this.deliveries = deliveries
    this.tombstones = new Tombstones(boot)
    this.tombstones.restore(state.tombstones, state.horizon)
    for (const attachment of state.attachments) this.attachments.set(attachment)
    for (const [cidr, { runs }] of state.leases.domains) {
      this.keeps.apply(cidr, [...new Binds(runs).entries()], undefined)
    }
    this.#pools = pools
  }

  get pools(): ReadonlyMap<string, IpPool> {
    return this.#pools.pools
  }

  factsOf(pod: Pod): Facts {
    return this.#facts.of(pod)
  }

  setPools(pools: PoolsChanged): void {
    this.#pools = pools
  }

  /** What is kept for a pod or its application. */
  keepsFor(pod: Pod, facts: Facts): Keeps {
    const identity = identityOf(pod, facts, this.fixed)
    return {
      ...(identity !== undefined && { identity }),
      of: (holder, family) => this.keeps.of(holder, family).map(({ address }) => address),
      spare: this.fixed.spare
    }
  }

  /** Have an address that a holder has got kept for it. */
  keep(assignment: Assignment, holder: string): void {
    const { address } = assignment
    const bind = this.keeps.bindFor(holder, address)
    if (bind !== undefined) this.subnetOf(assignment).insist({ type: 'Keep', address, bind })
  }

  /** The actor of what is kept. */
  subnetAt(cidr: string): ActorRef<SubnetMessage> | undefined {
    return this.#pools.subnets.get(cidr)
  }

  /** The actor that owns the subnet of a pool, or of an address that came from one. */
  subnetOf(of: IpPool | Assignment): ActorRef<SubnetMessage> {
    const cidr = 'subnet' in of ? of.subnet : cidrOf(of.address, of.prefix)
    const actor = this.#pools.subnets.get(formatCidr(cidr))
    assert(actor !== undefined, 'every subnet with a pool or a used address has its actor')
    return actor
  }

  isSettling(key: AttachmentKey): boolean {
    return this.#settling.has(keyText(key))
  }

  /** Run `handle` now, or as soon as the decision about this key is durable. */
  whenSettled(key: AttachmentKey, handle: () => void): void {
    const waiting = this.#settling.get(keyText(key))
    if (waiting === undefined) handle()
    else waiting.push(handle)
  }

  /** Queue a decision about `key`; exactly one of the two outcomes is called, after the disk has spoken. */
  decide(
    key: AttachmentKey,
    changes: readonly Change[],
    onDurable: () => void,
    onFailed: (error: StoreFailedError) => void
  ): void {
    const text = keyText(key)
    assert(!this.#settling.has(text), 'one decision a key at a time')
    this.#settling.set(text, [])
    this.commits.add({
      changes,
      onDurable: () => this.#settle(key, onDurable),
      onFailed: error => this.#settle(key, () => onFailed(error))
    })
  }

  #settle(key: AttachmentKey, outcome: () => void): void {
    const text = keyText(key)
    const waiting = this.#settling.get(text) ?? []
    this.#settling.delete(text)
    outcome()
    for (const handle of waiting) this.whenSettled(key, handle)
  }
}
