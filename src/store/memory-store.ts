// AttachmentStore without a disk: the twin that tests use, held to the same contract.

import type { Address } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import { type Attachment, type AttachmentKey, keyText } from '../core/attachment.ts'
import type { Moment, Sandbox } from '../core/sandbox.ts'
import type { AttachmentStore, Change, StoredState } from '../ports/attachment-store.ts'
import type { Identity, StoredLeases } from '../ports/lease-changes.ts'
import { MemoryLeases } from './memory-leases.ts'
import { MemoryTable, MemoryTransaction } from './memory-table.ts'

type ChangeOf<Type extends Change['type']> = Extract<Change, { type: Type }>

/** Who a store is when nobody says: the same one in every run of a test. */
const defaultIdentity: Identity = {
  incarnation: '0'.repeat(31) + '1',
  key: '0'.repeat(63) + '1',
  opened: 1,
  boot: 'boot-1',
  isDraining: false
}

function tablesOf(transaction: MemoryTransaction, state: StoredState) {
  const { attachments, cooling, tombstones, horizon, cursors } = state
  return {
    attachments: new MemoryTable(
      transaction,
      attachments.map(one => [keyText(one.key), one] as const)
    ),
    /** Which attachment has the address. */
    used: new MemoryTable(transaction, attachments.flatMap(usesOf)),
    cooling: new MemoryTable(
      transaction,
      cooling.map(one => [one.address, one] as const)
    ),
    tombstones: new MemoryTable(
      transaction,
      tombstones.map(one => [keyText(one.key), one] as const)
    ),
    horizon: new MemoryTable<'horizon', Moment>(
      transaction,
      horizon === undefined ? [] : [['horizon', horizon]]
    ),
    cursors: new MemoryTable(transaction, cursors),
    leases: new MemoryLeases(transaction, state.leases)
  }
}

export class MemoryStore implements AttachmentStore {
  readonly #transaction = new MemoryTransaction()
  #tables: ReturnType<typeof tablesOf>

  constructor(identity: Partial<Identity> = {}) {
    const state = emptyState({ ...defaultIdentity, ...identity })
    this.#tables = tablesOf(this.#transaction, state)
  }

  load(): StoredState {
    const { attachments, cooling, tombstones, horizon, cursors, leases } = this.#tables
    return {
      attachments: attachments.rows(),
      cooling: cooling.rows().sort((a, b) => a.since - b.since),
      tombstones: tombstones.rows(),
      horizon: horizon.get('horizon'),
      cursors: cursors.entries(),
      leases: leases.load()
    }
  }

  loadLeases(): StoredLeases {
    return this.#tables.leases.load()
  }

  commit(changes: readonly Change[]): void {
    try {
      for (const change of changes) this.#applyOne(change)
    } catch (error) {
      this.#transaction.rollback()
      throw error
    }
    this.#transaction.commit()
  }

  close(): void {}

  /** Another process opens what is here. */
  open(): void {
    this.#tables.leases.open()
    this.#transaction.commit()
  }

  /** Another disk with the same content: a backup, or a clone. */
  snapshot(): MemoryStore {
    const copy = new MemoryStore()
    copy.#tables = tablesOf(copy.#transaction, this.load())
    return copy
  }

  #applyOne(change: Change): void {
    const { tombstones, horizon, cursors, leases } = this.#tables
    switch (change.type) {
      case 'Attach':
        return this.#attach(change.attachment)
      case 'Detach':
        return this.#detach(change)
      case 'Resettle':
        return this.#resettle(change.key, change.sandbox)
      case 'Bury': {
        const key = keyText(change.tombstone.key)
        tombstones.delete(key)
        return tombstones.set(key, change.tombstone)
      }
      case 'Unbury':
        for (const key of change.keys) tombstones.delete(keyText(key))
        if (change.horizon !== undefined) horizon.set('horizon', change.horizon)
        return
      case 'Forget':
        return this.#forget(change)
      case 'MoveCursor':
        return cursors.set(change.pool, change.address)
      case 'PutRuns':
      case 'PutMarks':
      case 'PutHeard':
      case 'PutGrant':
      case 'DropGrant':
      case 'PutAsked':
      case 'PutContest':
      case 'LearnRecord':
      case 'FileRecord':
      case 'MeetPeer':
      case 'ConfirmBoot':
      case 'SetDraining':
      case 'Reincarnate':
        return leases.apply(change)
    }
  }

  #attach(attachment: Attachment): void {
    const { attachments, used, cooling } = this.#tables
    const key = keyText(attachment.key)
    assert(!attachments.has(key), 'a key is attached once')
    for (const [address] of usesOf(attachment)) {
      assert(!used.has(address), 'an address is given to one attachment only')
      used.set(address, key)
      cooling.delete(address)
    }
    attachments.set(key, attachment)
  }

  #detach({ key, addresses, since, boot }: ChangeOf<'Detach'>): void {
    const { attachments, used, cooling } = this.#tables
    const { assignments } = this.#attached(key)
    const owned = assignments.filter(({ address }) => addresses.includes(address))
    const isWhole = owned.length === assignments.length && owned.length === addresses.length
    assert(isWhole, 'an attachment ends with all of its addresses and no others')
    attachments.delete(keyText(key))
    for (const { address, prefix, pool } of assignments) {
      used.delete(address)
      cooling.set(address, { address, prefix, pool, since, boot })
    }
  }

  #resettle(key: AttachmentKey, sandbox: Sandbox): void {
    this.#tables.attachments.set(keyText(key), { ...this.#attached(key), sandbox })
  }

  #forget({ addresses, until, boot }: ChangeOf<'Forget'>): void {
    const { cooling } = this.#tables
    for (const address of addresses) {
      const one = cooling.get(address)
      if (one === undefined) continue
      if (one.boot !== boot || one.since <= until) cooling.delete(address)
    }
  }

  #attached(key: AttachmentKey): Attachment {
    const attachment = this.#tables.attachments.get(keyText(key))
    assert(attachment !== undefined, 'only what is attached can change')
    return attachment
  }
}

function usesOf({ key, assignments }: Attachment): (readonly [Address, string])[] {
  return assignments.map(({ address }) => [address, keyText(key)])
}

function emptyState(identity: Identity): StoredState {
  const leases: StoredLeases = {
    identity,
    domains: new Map(),
    learned: [],
    filed: [],
    peers: new Map()
  }
  return {
    attachments: [],
    cooling: [],
    tombstones: [],
    horizon: undefined,
    cursors: new Map(),
    leases
  }
}
