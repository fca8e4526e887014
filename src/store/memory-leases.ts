// The lease tables of the store in memory: the twin of LeaseTables.

import type { Address } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import type { Contest } from '../core/lease/contest.ts'
import type { OpenGrant } from '../core/lease/open-grant.ts'
import type { MemberIndex, Run } from '../core/lease/register.ts'
import type { Session } from '../core/protocol.ts'
import type { Identity, LeaseChange, StoredDomain, StoredLeases } from '../ports/lease-changes.ts'
import { contestKey, inOrder } from './lease-rows.ts'
import { MemoryTable, type MemoryTransaction } from './memory-table.ts'

interface Domain {
  readonly runs: MemoryTable<Address, Run>
  readonly marks: MemoryTable<MemberIndex, number>
  readonly heard: MemoryTable<MemberIndex, number>
  readonly grants: MemoryTable<number, OpenGrant>
  readonly asked: MemoryTable<MemberIndex, number>
  readonly contests: MemoryTable<string, Contest>
}

type ChangeOf<Type extends LeaseChange['type']> = Extract<LeaseChange, { type: Type }>
type Records = MemoryTable<number, Uint8Array>

export class MemoryLeases {
  readonly #transaction: MemoryTransaction
  readonly #identity: MemoryTable<'identity', Identity>
  readonly #domains = new Map<string, Domain>()
  readonly #learned: Records
  readonly #filed: Records
  readonly #peers: MemoryTable<string, Session>

  constructor(transaction: MemoryTransaction, { identity, ...leases }: StoredLeases) {
    this.#transaction = transaction
    this.#identity = new MemoryTable(transaction, [['identity', identity]])
    for (const [name, domain] of leases.domains) this.#domains.set(name, this.#restored(domain))
    this.#learned = new MemoryTable(transaction, numbered(leases.learned))
    this.#filed = new MemoryTable(transaction, numbered(leases.filed))
    this.#peers = new MemoryTable(transaction, leases.peers)
  }

  load(): StoredLeases {
    const domains = new Map<string, StoredDomain>()
    for (const [name, tables] of this.#domains) {
      const domain = loadDomain(tables)
      if (!isEmpty(domain)) domains.set(name, domain)
    }
    return {
      identity: this.#me,
      domains,
      learned: this.#learned.rows(),
      filed: this.#filed.rows(),
      peers: this.#peers.entries()
    }
  }

  /** One more process begins on this database. */
  open(): void {
    this.#identity.set('identity', { ...this.#me, opened: this.#me.opened + 1 })
  }

  apply(change: LeaseChange): void {
    switch (change.type) {
      case 'PutRuns':
        return this.#putRuns(change)
      case 'PutMarks':
        for (const [writer, wctr] of change.marks)
          this.#domain(change.domain).marks.set(writer, wctr)
        return
      case 'PutHeard':
        for (const [writer, wctr] of change.marks)
          this.#domain(change.domain).heard.set(writer, wctr)
        return
      case 'PutGrant': {
        const { grants } = this.#domain(change.domain)
        assert(!grants.has(change.grant.wctr), 'a grant is made once')
        return grants.set(change.grant.wctr, change.grant)
      }
      case 'DropGrant':
        return this.#domain(change.domain).grants.delete(change.wctr)
      case 'PutAsked':
        return this.#domain(change.domain).asked.set(change.member, change.id)
      case 'PutContest': {
        const { contests } = this.#domain(change.domain)
        const key = contestKey(change.contest)
        return contests.has(key) ? undefined : contests.set(key, change.contest)
      }
      case 'LearnRecord':
        return append(this.#learned, change)
      case 'FileRecord':
        return append(this.#filed, change)
      case 'MeetPeer':
        return this.#peers.set(change.incarnation, change.session)
      case 'ConfirmBoot':
        return this.#identity.set('identity', { ...this.#me, boot: change.boot })
      case 'SetDraining':
        return this.#identity.set('identity', { ...this.#me, isDraining: change.draining })
      case 'Reincarnate':
        return this.#reincarnate(change)
    }
  }

  get #me(): Identity {
    const identity = this.#identity.get('identity')
    assert(identity !== undefined, 'a database is always somebody')
    return identity
  }

  #putRuns({ domain, removed, added }: ChangeOf<'PutRuns'>): void {
    const { runs } = this.#domain(domain)
    for (const start of removed) {
      assert(runs.has(start), 'only a run that is stored can be removed')
      runs.delete(start)
    }
    for (const run of added) {
      assert(run.end > run.start, 'a run is never empty')
      assert(!runs.has(run.start), 'one run begins at an address')
      runs.set(run.start, run)
    }
  }

  #reincarnate({ incarnation, key }: ChangeOf<'Reincarnate'>): void {
    assert(incarnation !== this.#me.incarnation, 'another incarnation is not the same one')
    this.#identity.set('identity', { ...this.#me, incarnation, key })
    this.#peers.clear()
    for (const domain of this.#domains.values()) {
      for (const table of Object.values(domain)) table.clear()
    }
  }

  #domain(name: string): Domain {
    const known = this.#domains.get(name)
    if (known !== undefined) return known
    const domain = this.#restored()
    this.#domains.set(name, domain)
    return domain
  }

  #restored(stored?: StoredDomain): Domain {
    const transaction = this.#transaction
    const {
      runs = [],
      marks = [],
      heard = [],
      grants = [],
      asked = [],
      contests = []
    } = stored ?? {}
    return {
      runs: new MemoryTable(
        transaction,
        keyed(runs, run => run.start)
      ),
      marks: new MemoryTable(transaction, marks),
      heard: new MemoryTable(transaction, heard),
      grants: new MemoryTable(
        transaction,
        keyed(grants, grant => grant.wctr)
      ),
      asked: new MemoryTable(transaction, asked),
      contests: new MemoryTable(transaction, keyed(contests, contestKey))
    }
  }
}

function loadDomain({ runs, marks, heard, grants, asked, contests }: Domain): StoredDomain {
  return {
    runs: inOrder(runs.rows()),
    marks: marks.entries(),
    heard: heard.entries(),
    grants: grants.rows().sort((a, b) => a.wctr - b.wctr),
    asked: asked.entries(),
    contests: contests.rows()
  }
}

function isEmpty({ runs, marks, heard, grants, asked, contests }: StoredDomain): boolean {
  return runs.length + marks.size + heard.size + grants.length + asked.size + contests.length === 0
}

/** The bytes are copied as a disk would: their owner may use the buffer again. */
function append(table: Records, { index, record }: ChangeOf<'LearnRecord' | 'FileRecord'>): void {
  const isNext = !table.has(index) && (index === 1 || table.has(index - 1))
  assert(isNext, `record ${index} is not the next one`)
  table.set(index, new Uint8Array(record))
}

function keyed<Key, Row>(rows: readonly Row[], keyOf: (row: Row) => Key): (readonly [Key, Row])[] {
  return rows.map(row => [keyOf(row), row])
}

function numbered(records: readonly Uint8Array[]): (readonly [number, Uint8Array])[] {
  return records.map((record, i) => [i + 1, record])
}
