// What custody changes, as statements inside the transaction of the store.

import type { Database, Statement } from 'better-sqlite3'
import { addressToBytes } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import type { LeaseChange, StoredLeases } from '../ports/lease-changes.ts'
import { loadLeases } from './lease-load.ts'
import { contestToValues, runToValues, type RunValues } from './lease-rows.ts'
import type { MetaTable } from './meta-table.ts'

type ChangeOf<Type extends LeaseChange['type']> = Extract<LeaseChange, { type: Type }>

export class LeaseTables {
  readonly #database: Database
  readonly #meta: MetaTable
  readonly #statements: ReturnType<typeof prepare>

  constructor(database: Database, meta: MetaTable) {
    this.#database = database
    this.#meta = meta
    this.#statements = prepare(database)
  }

  load(): StoredLeases {
    return loadLeases(this.#database, this.#meta)
  }

  apply(change: LeaseChange): void {
    const { putMark, putHeard, putAsked, putContest, learn, file, meetPeer } = this.#statements
    switch (change.type) {
      case 'PutRuns':
        return this.#putRuns(change)
      case 'PutMarks':
        for (const [writer, wctr] of change.marks) putMark.run(change.domain, writer, wctr)
        return
      case 'PutHeard':
        for (const [writer, wctr] of change.marks) putHeard.run(change.domain, writer, wctr)
        return
      case 'PutGrant':
        return this.#putGrant(change)
      case 'DropGrant':
        return this.#dropGrant(change)
      case 'PutAsked':
        putAsked.run(change.domain, change.member, change.id)
        return
      case 'PutContest':
        putContest.run(change.domain, ...contestToValues(change.contest))
        return
      case 'LearnRecord':
        return append(learn, change)
      case 'FileRecord':
        return append(file, change)
      case 'MeetPeer':
        meetPeer.run(change.incarnation, change.session.opened, change.session.id)
        return
      case 'ConfirmBoot':
        return this.#meta.set('boot', change.boot)
      case 'SetDraining':
        return this.#meta.set('draining', change.draining ? 'yes' : '')
      case 'Reincarnate':
        return this.#reincarnate(change)
    }
  }

  #putRuns({ domain, removed, added }: ChangeOf<'PutRuns'>): void {
    for (const start of removed) {
      const { changes } = this.#statements.removeRun.run(domain, addressToBytes(start))
      assert(changes === 1, 'only a run that is stored can be removed')
    }
    for (const run of added) {
      const { changes } = this.#statements.addRun.run(domain, ...runToValues(run))
      assert(changes === 1, 'one run begins at an address')
    }
  }

  #putGrant({ domain, grant }: ChangeOf<'PutGrant'>): void {
    const { wctr, to, id, pool, runs } = grant
    const { changes } = this.#statements.putGrant.run(domain, wctr, to, id, pool)
    assert(changes === 1, 'a grant is made once')
    for (const [position, run] of runs.entries()) {
      this.#statements.putGrantedRun.run(domain, wctr, position, ...runToValues(run))
    }
  }

  #dropGrant({ domain, wctr }: ChangeOf<'DropGrant'>): void {
    this.#statements.dropGrant.run(domain, wctr)
    this.#statements.dropGrantedRuns.run(domain, wctr)
  }

  #reincarnate({ incarnation, key }: ChangeOf<'Reincarnate'>): void {
    assert(incarnation !== this.#meta.get('incarnation'), 'another incarnation is not the same one')
    this.#meta.set('incarnation', incarnation)
    this.#meta.set('key', key)
    for (const statement of this.#statements.forgetAll) statement.run()
  }
}

/** One row when it is the next record, none otherwise. */
function append(
  statement: Statement<[number, Uint8Array, number]>,
  { index, record }: ChangeOf<'LearnRecord' | 'FileRecord'>
): void {
  const { changes } = statement.run(index, record, index)
  assert(changes === 1, `record ${index} is not the next one`)
}

/** What one incarnation knew and the next one must not. */
const lifelong = [
  ...(['run', 'mark', 'heard', 'open_grant', 'granted_run', 'asked', 'contest', 'peer'] as const)
]

function prepare(database: Database) {
  const sql = <Parameters extends unknown[]>(text: string) => database.prepare<Parameters>(text)
  type Grant = [domain: string, wctr: number, member: number, id: number, pool: string]
  const next = (table: string) =>
    sql<[number, Uint8Array, number]>(
      `INSERT INTO ${table} SELECT ?, ? WHERE ? = (SELECT coalesce(max(id), 0) + 1 FROM ${table})`
    )
  return {
    removeRun: sql<[string, Uint8Array]>('DELETE FROM run WHERE domain = ? AND first = ?'),
    addRun: sql<[string, ...RunValues]>(
      `INSERT INTO run (domain, first, last, fence, seq, owner, writer, wctr, tail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
    ),
    putMark: sql<[string, number, number]>('INSERT OR REPLACE INTO mark VALUES (?, ?, ?)'),
    putHeard: sql<[string, number, number]>('INSERT OR REPLACE INTO heard VALUES (?, ?, ?)'),
    putGrant: sql<Grant>(
      `INSERT INTO open_grant (domain, wctr, member, id, pool) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`
    ),
    putGrantedRun: sql<[string, number, number, ...RunValues]>(
      `INSERT INTO granted_run
         (domain, grant_wctr, position, first, last, fence, seq, owner, writer, wctr, tail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    ),
    dropGrant: sql<[string, number]>('DELETE FROM open_grant WHERE domain = ? AND wctr = ?'),
    dropGrantedRuns: sql<[string, number]>(
      'DELETE FROM granted_run WHERE domain = ? AND grant_wctr = ?'
    ),
    putAsked: sql<[string, number, number]>('INSERT OR REPLACE INTO asked VALUES (?, ?, ?)'),
    putContest: sql<[string, Uint8Array, string, string]>(
      `INSERT INTO contest (domain, address, preferred, other) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`
    ),
    learn: next('learned'),
    file: next('filed'),
    meetPeer: sql<[string, number, string]>('INSERT OR REPLACE INTO peer VALUES (?, ?, ?)'),
    forgetAll: lifelong.map(table => sql<[]>(`DELETE FROM ${table}`))
  } satisfies Record<string, Statement<never[]> | Statement<never[]>[]>
}
