// Everything about custody that the database holds, read once at the start.

import type { Database } from 'better-sqlite3'
import { assert } from '../core/assert.ts'
import type { Contest } from '../core/lease/contest.ts'
import type { OpenGrant } from '../core/lease/open-grant.ts'
import type { MemberIndex, Run } from '../core/lease/register.ts'
import type { Session } from '../core/protocol.ts'
import type { Identity, StoredDomain, StoredLeases } from '../ports/lease-changes.ts'
import {
  contestFromRow,
  type ContestRow,
  type GrantRow,
  inOrder,
  runFromRow,
  type RunRow
} from './lease-rows.ts'
import type { MetaTable } from './meta-table.ts'

interface Domain extends StoredDomain {
  readonly runs: Run[]
  readonly marks: Map<MemberIndex, number>
  readonly heard: Map<MemberIndex, number>
  readonly grants: OpenGrant[]
  readonly asked: Map<MemberIndex, number>
  readonly contests: Contest[]
}

export function loadLeases(database: Database, meta: MetaTable): StoredLeases {
  const records = (table: 'learned' | 'filed') =>
    database
      .prepare<[], { record: Uint8Array }>(`SELECT record FROM ${table} ORDER BY id`)
      .all()
      .map(({ record }) => new Uint8Array(record))
  const peers = database
    .prepare<[], Session & { incarnation: string }>('SELECT * FROM peer')
    .all()
    .map(({ incarnation, opened, id }) => [incarnation, { opened, id }] as const)
  return {
    identity: loadIdentity(meta),
    domains: loadDomains(database),
    learned: records('learned'),
    filed: records('filed'),
    peers: new Map(peers)
  }
}

function loadIdentity(meta: MetaTable): Identity {
  const incarnation = meta.get('incarnation')
  const key = meta.get('key')
  assert(incarnation !== undefined && key !== undefined, 'an open database is somebody')
  return {
    incarnation,
    key,
    opened: Number(meta.get('generation')),
    boot: meta.get('boot') ?? '',
    isDraining: (meta.get('draining') ?? '') !== ''
  }
}

function loadDomains(database: Database): Map<string, Domain> {
  const all = <Row>(sql: string) => database.prepare<[], Row>(sql).all()
  const domains = new Map<string, Domain>()
  const at = (name: string): Domain => {
    const known = domains.get(name)
    if (known !== undefined) return known
    const domain: Domain = {
      ...{ runs: [], grants: [], contests: [] },
      ...{ marks: new Map(), heard: new Map(), asked: new Map() }
    }
    domains.set(name, domain)
    return domain
  }
  for (const row of all<RunRow>('SELECT * FROM run ORDER BY domain, first')) {
    at(row.domain).runs.push(runFromRow(row))
  }
  for (const { runs } of domains.values()) inOrder(runs)
  type Mark = { domain: string; member: number; wctr: number }
  for (const { domain, member, wctr } of all<Mark>('SELECT * FROM mark')) {
    at(domain).marks.set(member, wctr)
  }
  for (const { domain, member, wctr } of all<Mark>('SELECT * FROM heard')) {
    at(domain).heard.set(member, wctr)
  }
  type Asked = { domain: string; member: number; id: number }
  for (const { domain, member, id } of all<Asked>('SELECT * FROM asked')) {
    at(domain).asked.set(member, id)
  }
  for (const row of all<ContestRow>('SELECT * FROM contest ORDER BY id')) {
    at(row.domain).contests.push(contestFromRow(row))
  }
  for (const [domain, grant] of loadGrants(database)) at(domain).grants.push(grant)
  return domains
}

function loadGrants(database: Database): (readonly [domain: string, OpenGrant])[] {
  const runsOf = database.prepare<[string, number], RunRow>(
    'SELECT * FROM granted_run WHERE domain = ? AND grant_wctr = ? ORDER BY position'
  )
  return database
    .prepare<[], GrantRow>('SELECT * FROM open_grant ORDER BY domain, wctr')
    .all()
    .map(({ domain, wctr, member, id, pool }) => {
      const runs = runsOf.all(domain, wctr).map(runFromRow)
      return [domain, { wctr, to: member, id, pool, runs }]
    })
}
