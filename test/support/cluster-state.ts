// What a node knows, read from its disk while its daemon runs or not: nobody has to be believed, and nobody
// has to answer.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

export interface Knowledge {
  readonly incarnation: string
  /** How many records of the registry, and a hash of them. */
  readonly records: number
  readonly registry: string
  /** Those that have joined and were not removed. */
  readonly members: number
  /** Who owns each address as text, as far as this node knows: a hash, since there are thousands. */
  readonly custody: string
  /** Addresses by owner. */
  readonly owned: ReadonlyMap<number, number>
  readonly contests: number
  readonly openGrants: number
  /** Addresses that attachments have. */
  readonly used: readonly string[]
  readonly attachments: number
}

interface RunRow {
  readonly domain: string
  readonly first: Buffer
  readonly last: Buffer
  readonly fence: number
  readonly seq: number
  readonly owner: number
}

/** Undefined while there is no database, or one that is just being made. */
export function knowledgeOf(stateDir: string): Knowledge | undefined {
  const file = join(stateDir, 'orbweaver.db')
  if (!existsSync(file)) return undefined
  const database = new Database(file, { readonly: true, timeout: 1000 })
  try {
    return database.transaction(() => read(database))()
  } catch (error) {
    if (/no such table/.test(String(error))) return undefined
    throw error
  } finally {
    database.close()
  }
}

interface LearnedRecord {
  readonly type: string
  readonly version?: number
}

/** The records of the registry that a node has learned, in their order. */
export function recordsOf(stateDir: string): LearnedRecord[] {
  const database = new Database(join(stateDir, 'orbweaver.db'), { readonly: true })
  try {
    const rows = database.prepare('SELECT record FROM learned ORDER BY id').pluck().all()
    return rows.map(row => JSON.parse((row as Buffer).toString('utf8')))
  } finally {
    database.close()
  }
}

function read(database: Database.Database): Knowledge {
  const one = (sql: string) => database.prepare(sql).pluck().get()
  const records = database.prepare('SELECT record FROM learned ORDER BY id').pluck().all()
  const registry = createHash('sha256')
  for (const record of records) registry.update(record as Buffer)
  const columns = 'domain, first, last, fence, seq, owner'
  const runs = database.prepare(`SELECT ${columns} FROM run ORDER BY domain, first`).all()
  const used = database
    .prepare('SELECT address FROM address WHERE attachment IS NOT NULL ORDER BY address')
    .pluck()
    .all()
  return {
    incarnation: String(one("SELECT value FROM meta WHERE key = 'incarnation'")),
    records: records.length,
    registry: registry.digest('hex'),
    members: membersIn(records as Buffer[]),
    ...custodyOf(runs as RunRow[]),
    contests: Number(one('SELECT count(*) FROM contest')),
    openGrants: Number(one('SELECT count(*) FROM open_grant')),
    used: used.map(address => [...(address as Buffer)].join('.')),
    attachments: Number(one('SELECT count(*) FROM attachment'))
  }
}

function membersIn(records: readonly Buffer[]): number {
  let members = 0
  for (const bytes of records) {
    const record = JSON.parse(bytes.toString('utf8')) as { type: string; members?: unknown[] }
    members += record.members?.length ?? (record.type === 'Remove' ? -1 : 0)
  }
  return members
}

/** Where runs are split is nobody's business: neighbours with the same register are one. */
function custodyOf(runs: readonly RunRow[]): Pick<Knowledge, 'custody' | 'owned'> {
  const hash = createHash('sha256')
  const owned = new Map<number, number>()
  let open: { readonly key: string; readonly first: bigint; last: bigint } | undefined
  const close = () => open && hash.update(`${open.key} ${open.first} ${open.last}\n`)
  for (const { domain, first, last, fence, seq, owner } of runs) {
    const [start, end] = [numberOf(first), numberOf(last)]
    owned.set(owner, (owned.get(owner) ?? 0) + Number(end - start + 1n))
    const key = `${domain} ${fence}.${seq} ${owner}`
    if (open?.key === key && open.last + 1n === start) {
      open.last = end
      continue
    }
    close()
    open = { key, first: start, last: end }
  }
  close()
  return { custody: hash.digest('hex'), owned }
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`)
}
