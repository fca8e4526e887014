// AttachmentStore over SQLite: write-ahead log, synchronous=FULL, one transaction a commit.

import type { Database, Statement } from 'better-sqlite3'
import { addressToBytes } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import type { AttachmentKey } from '../core/attachment.ts'
import type { Moment } from '../core/sandbox.ts'
import type { AttachmentStore, Change, StoredState } from '../ports/attachment-store.ts'
import type { StoredLeases } from '../ports/lease-changes.ts'
import type { Ballast } from './ballast.ts'
import { LeaseTables } from './lease-tables.ts'
import { MetaTable } from './meta-table.ts'
import { type RoomyCommit, roomyCommit } from './roomy-commit.ts'
import { type SandboxColumns, sandboxToColumns } from './sandbox-columns.ts'
import { type RowId, RowIds } from './row-ids.ts'
import {
  addressOf,
  type AddressRow,
  assignmentToRow,
  attachmentFromRow,
  type AttachmentRow,
  attachmentToRow,
  coolingFromRow,
  tombstoneFromRow,
  type TombstoneRow
} from './rows.ts'

type ChangeOf<Type extends Change['type']> = Extract<Change, { type: Type }>

export class SqliteStore implements AttachmentStore {
  readonly #database: Database
  readonly #roomy: RoomyCommit
  readonly #statements: ReturnType<typeof prepare>
  readonly #meta: MetaTable
  readonly #leases: LeaseTables
  readonly #apply: (changes: readonly Change[]) => void
  readonly #attachmentIds: RowIds
  readonly #tombstoneIds: RowIds
  readonly #onWhole: () => void

  constructor(database: Database, ballast: Ballast, onWhole: () => void) {
    this.#database = database
    this.#onWhole = onWhole
    this.#roomy = roomyCommit(database, ballast)
    this.#statements = prepare(database)
    this.#meta = new MetaTable(database)
    this.#leases = new LeaseTables(database, this.#meta)
    this.#attachmentIds = new RowIds(database, 'attachment')
    this.#tombstoneIds = new RowIds(database, 'tombstone')
    this.#apply = database.transaction(changes => {
      for (const change of changes) this.#applyOne(change)
      this.#moveCursors(changes)
    })
  }

  load(): StoredState {
    const select = <Row>(sql: string) => this.#database.prepare<[], Row>(sql)
    const held = Map.groupBy(select<AddressRow>('SELECT * FROM address').all(), of => of.attachment)
    const cursors = select<{ pool: string; address: Uint8Array }>('SELECT * FROM cursor').all()
    // Moments count nanoseconds, too many for a number.
    const attachments = select<AttachmentRow>('SELECT * FROM attachment ORDER BY id')
      .safeIntegers()
      .all()
    const tombstones = select<TombstoneRow>('SELECT * FROM tombstone ORDER BY id')
      .safeIntegers()
      .all()
    this.#attachmentIds.learn(attachments)
    this.#tombstoneIds.learn(tombstones)
    return {
      attachments: attachments.map(row => attachmentFromRow(row, held.get(Number(row.id)) ?? [])),
      cooling: (held.get(null) ?? []).map(coolingFromRow).sort((a, b) => a.since - b.since),
      tombstones: tombstones.map(tombstoneFromRow),
      horizon: this.#loadHorizon(),
      cursors: new Map(cursors.map(({ pool, address }) => [pool, addressOf(address)])),
      leases: this.#leases.load()
    }
  }

  loadLeases(): StoredLeases {
    return this.#leases.load()
  }

  #loadHorizon(): Moment | undefined {
    const text = this.#meta.get('horizon')
    if (text === undefined) return undefined
    const [boot = '', ns = ''] = text.split(' ')
    return { boot, ns: BigInt(ns) }
  }

  commit(changes: readonly Change[]): void {
    // A release must get through on a full disk, or the node could never recover by itself; and so must
    // custody, which others wait for.
    const releases = changes.every(change => change.type !== 'Attach')
    this.#roomy(() => this.#applyAll(changes), releases)
  }

  /** One transaction; the ids in memory follow only when it is committed. */
  #applyAll(changes: readonly Change[]): void {
    this.#attachmentIds.begin()
    this.#tombstoneIds.begin()
    try {
      this.#apply(changes)
    } catch (error) {
      this.#attachmentIds.rollback()
      this.#tombstoneIds.rollback()
      throw error
    }
    this.#attachmentIds.commit()
    this.#tombstoneIds.commit()
  }

  close(): void {
    // The marker says closed before SQLite removes the log, and after everything has left it: whenever a
    // kill comes between these steps, what the marker says is true.
    const [outcome] = this.#database.pragma('wal_checkpoint(FULL)') as { busy: number }[]
    if (outcome?.busy === 0) this.#onWhole()
    this.#database.close()
  }

  #applyOne(change: Change): void {
    switch (change.type) {
      case 'Attach':
        return this.#attach(change)
      case 'Detach':
        return this.#detach(change)
      case 'Resettle':
        return this.#resettle(change)
      case 'Bury': {
        const { key, began } = change.tombstone
        const { network, containerId, ifname } = key
        const before = this.#tombstoneIds.get(key)
        if (before !== undefined) this.#statements.unbury.run(before)
        const row = this.#statements.bury.run(network, containerId, ifname, began.boot, began.ns)
        this.#tombstoneIds.set(key, row.lastInsertRowid)
        return
      }
      case 'Unbury':
        for (const key of change.keys) {
          const id = this.#tombstoneIds.get(key)
          if (id !== undefined) this.#statements.unbury.run(id)
          this.#tombstoneIds.delete(key)
        }
        if (change.horizon !== undefined) {
          this.#meta.set('horizon', `${change.horizon.boot} ${change.horizon.ns}`)
        }
        return
      case 'Forget':
        for (const address of change.addresses) {
          this.#statements.forget.run(addressToBytes(address), change.boot, change.until)
        }
        return
      case 'MoveCursor':
        return
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
        return this.#leases.apply(change)
    }
  }

  #attach({ attachment }: ChangeOf<'Attach'>): void {
    const row = attachmentToRow(attachment)
    assert(this.#attachmentIds.get(attachment.key) === undefined, 'a key is attached once')
    const id = this.#statements.attach.run(row).lastInsertRowid
    this.#attachmentIds.set(attachment.key, id)
    for (const [position, assignment] of attachment.assignments.entries()) {
      const { changes } = this.#statements.assign.run(assignmentToRow(assignment, id, position))
      assert(changes === 1, 'an address is given to one attachment only')
    }
  }

  #detach({ key, addresses, since, boot }: ChangeOf<'Detach'>): void {
    this.#statements.detach.run(this.#attachmentId(key))
    this.#attachmentIds.delete(key)
    for (const address of addresses) {
      const cooled = this.#statements.cool.run(since, boot, addressToBytes(address))
      assert(cooled.changes === 1, 'only a used address can cool down')
    }
  }

  #resettle({ key, sandbox }: ChangeOf<'Resettle'>): void {
    this.#statements.resettle.run({ ...sandboxToColumns(sandbox), id: this.#attachmentId(key) })
  }

  #attachmentId(key: AttachmentKey): RowId {
    const id = this.#attachmentIds.get(key)
    assert(id !== undefined, 'only what is attached can change')
    return id
  }

  /** A commit of many requests moves a pool's cursor many times; only the last place matters. */
  #moveCursors(changes: readonly Change[]): void {
    const last = new Map<string, Uint8Array>()
    for (const change of changes) {
      if (change.type === 'MoveCursor') last.set(change.pool, addressToBytes(change.address))
    }
    for (const [pool, address] of last) this.#statements.moveCursor.run(pool, address)
  }
}

function prepare(database: Database) {
  const sql = <Parameters extends unknown[], Row = unknown>(text: string) =>
    database.prepare<Parameters, Row>(text)
  type KeyParts = [network: string, container: string, ifname: string]
  return {
    attach: sql<[ReturnType<typeof attachmentToRow>]>(
      `INSERT INTO attachment (network, container, ifname, pod_namespace, pod_name, pod_uid, netns,
         namespace_id, witness_path, witness_id, boot, began, demand, created_at)
       VALUES (@network, @container, @ifname, @pod_namespace, @pod_name, @pod_uid, @netns,
         @namespace_id, @witness_path, @witness_id, @boot, @began, @demand, @created_at)`
    ),
    assign: sql<[ReturnType<typeof assignmentToRow>]>(
      `INSERT INTO address (address, prefix, pool, attachment, position, gateway, routes)
       VALUES (@address, @prefix, @pool, @attachment, @position, @gateway, @routes)
       ON CONFLICT (address) DO UPDATE SET prefix = excluded.prefix, pool = excluded.pool,
         attachment = excluded.attachment, position = excluded.position, gateway = excluded.gateway,
         routes = excluded.routes, since = NULL, boot = NULL
       WHERE address.attachment IS NULL`
    ),
    detach: sql<[RowId]>('DELETE FROM attachment WHERE id = ?'),
    cool: sql<[number, string, Uint8Array]>(
      `UPDATE address SET attachment = NULL, since = ?, boot = ?
       WHERE address = ? AND attachment IS NOT NULL`
    ),
    resettle: sql<[SandboxColumns & { readonly id: RowId }]>(
      `UPDATE attachment SET netns = @netns, namespace_id = @namespace_id, witness_path = @witness_path,
         witness_id = @witness_id, boot = @boot, began = @began WHERE id = @id`
    ),
    bury: sql<[...KeyParts, string, bigint]>(
      `INSERT INTO tombstone (network, container, ifname, boot, began) VALUES (?, ?, ?, ?, ?)`
    ),
    unbury: sql<[RowId]>('DELETE FROM tombstone WHERE id = ?'),
    forget: sql<[Uint8Array, string, number]>(
      `DELETE FROM address
       WHERE address = ? AND attachment IS NULL AND (boot <> ? OR since <= ?)`
    ),
    moveCursor: sql<[string, Uint8Array]>('INSERT OR REPLACE INTO cursor VALUES (?, ?)')
  } satisfies Record<string, Statement<never[]>>
}
