// POST /v1/apply and /v1/delete: pool documents by a person's hand, judged by what judges the files, refused when
// they would leave addresses without a pool that pods have, and written beside the files that others keep.

import { ask } from '../actors/runtime/ask.ts'
import { buildPoolSet, type PoolSet } from '../core/pool-set.ts'
import type { PoolDocument, PoolProblem } from '../core/pool-document.ts'
import { problemText } from '../core/pool-document.ts'
import { Fields, type Json, show } from '../core/fields.ts'
import type { PoolDesk } from '../ports/pool-desk.ts'
import { type OpenService, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { strandedBy } from './stranded.ts'

const documentsMax = 256
const problemsShown = 8

export interface DocumentChange {
  readonly kind: PoolDocument['kind']
  readonly name: string
  readonly change: 'created' | 'configured' | 'unchanged' | 'deleted'
  /** What is different now, a line each: `spec.ips: ["10.9.0.2"] -> ["10.9.0.3"]`. */
  readonly fields: readonly string[]
}

export interface AppliedView {
  readonly changes: readonly DocumentChange[]
  /** Nothing was written. */
  readonly dryRun: boolean
  readonly directory: string
}

interface Desk {
  readonly desk: PoolDesk
  readonly set: PoolSet
  readonly documents: readonly PoolDocument[]
  readonly problems: readonly PoolProblem[]
}

export async function applyDocuments(service: OpenService, body: Json): Promise<Answer> {
  const problems: string[] = []
  const fields = new Fields('body', body, problems)
  fields.onlyKeys(['documents', 'dryRun'])
  const text = fields.get('documents')
  const dryRun = fields.boolean('dryRun') ?? false
  if (typeof text !== 'string')
    problems.push('documents: must be the text of YAML or JSON documents')
  if (problems.length > 0 || typeof text !== 'string') return refused(400, problems.join('; '))
  const open = await openDesk(service)
  if ('status' in open) return open
  const given = open.desk.parse(text)
  const [problem] = given.problems
  if (problem !== undefined) return refused(400, sentences(given.problems))
  if (given.documents.length === 0) return refused(400, 'no pool document was sent')
  if (given.documents.length > documentsMax) {
    return refused(400, `${given.documents.length} documents at once; the limit is ${documentsMax}`)
  }
  const changes = given.documents.map(one => changeOf(one, standing(open, one)))
  const foreign = given.documents.filter((one, i) => {
    const now = standing(open, one)
    return now !== undefined && changes[i]?.change !== 'unchanged' && !open.desk.isOwn(now)
  })
  if (foreign.length > 0) return refused(409, keptElsewhere(foreign, open))
  const isGiven = (one: PoolDocument) => given.documents.some(other => sameDocument(one, other))
  const next = [
    ...open.documents.filter(one => !isGiven(one)),
    ...given.documents.map(one => ({ ...one, source: standing(open, one)?.source ?? one.source }))
  ]
  const why = await whyNot(service, open, next)
  if (why !== undefined) return why
  if (!dryRun) {
    for (const [i, document] of given.documents.entries()) {
      if (changes[i]?.change !== 'unchanged') await open.desk.put(document)
    }
    service.house.catalogue.insist({ type: 'Reload' })
  }
  return shown({ changes, dryRun, directory: open.desk.directory } satisfies AppliedView)
}

export async function deleteDocument(service: OpenService, body: Json): Promise<Answer> {
  const problems: string[] = []
  const fields = new Fields('body', body, problems)
  fields.onlyKeys(['kind', 'name', 'dryRun'])
  const kind = fields.text('kind', 'must be the kind of a document') ?? 'SpiderIPPool'
  const name = fields.text('name', 'must be the name of a document')
  const dryRun = fields.boolean('dryRun') ?? false
  if (name === undefined && problems.length === 0) problems.push('name: is missing')
  if (problems.length > 0) return refused(400, problems.join('; '))
  const open = await openDesk(service)
  if ('status' in open) return open
  const now = open.documents.find(
    one => one.kind.toLowerCase() === kind.toLowerCase() && one.name === name
  )
  if (now === undefined) return refused(404, `there is no ${kind} called ${name ?? ''}`)
  if (!open.desk.isOwn(now)) return refused(409, keptElsewhere([now], open))
  const why = await whyNot(
    service,
    open,
    open.documents.filter(one => one !== now)
  )
  if (why !== undefined) return why
  if (!dryRun) {
    await open.desk.remove(now)
    service.house.catalogue.insist({ type: 'Reload' })
  }
  const change = { kind: now.kind, name: now.name, change: 'deleted', fields: [] } as const
  return shown({ changes: [change], dryRun, directory: open.desk.directory } satisfies AppliedView)
}

async function openDesk(service: OpenService): Promise<Desk | Answer> {
  const { pools: desk, house } = service
  if ('why' in desk) return refused(409, desk.why)
  const [listing, { set }] = await Promise.all([
    desk.read(),
    ask(house.catalogue, { type: 'DescribePools' }, timing(service))
  ])
  return { desk, set, documents: listing.documents, problems: listing.problems }
}

/** As the catalogue will judge it; and no pod may be left with an address of no pool. */
async function whyNot(
  service: OpenService,
  { set, problems }: Desk,
  next: readonly PoolDocument[]
): Promise<Answer | undefined> {
  const judged = buildPoolSet(next, set, problems)
  const known = new Set(set.problems.map(problemText))
  const fresh = judged.problems.filter(one => !known.has(problemText(one)))
  if (fresh.length > 0) return refused(409, sentences(fresh))
  return await strandedBy(service, set, judged)
}

function standing({ documents }: Desk, document: PoolDocument): PoolDocument | undefined {
  return documents.find(one => sameDocument(one, document))
}

function sameDocument(one: PoolDocument, other: PoolDocument): boolean {
  return one.kind === other.kind && one.name === other.name
}

function keptElsewhere(documents: readonly PoolDocument[], open: Desk): string {
  const where = documents.map(one => {
    const { file, source } = standing(open, one) ?? one
    return `${one.kind} ${one.name} stands in ${file ?? source}`
  })
  return `${where.join('; ')}, which somebody else keeps: change it there`
}

function changeOf(next: PoolDocument, now: PoolDocument | undefined): DocumentChange {
  const { kind, name } = next
  if (now === undefined) return { kind, name, change: 'created', fields: [] }
  const fields = [
    ...differences('spec', now.spec, next.spec),
    ...differences('metadata.annotations', now.annotations ?? {}, next.annotations ?? {})
  ]
  return { kind, name, change: fields.length === 0 ? 'unchanged' : 'configured', fields }
}

function differences(path: string, now: Json, next: Json): string[] {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(next)])].sort()
  return keys
    .filter(key => JSON.stringify(now[key]) !== JSON.stringify(next[key]))
    .map(key => `${path}.${key}: ${shownValue(now[key])} -> ${shownValue(next[key])}`)
}

function shownValue(value: unknown): string {
  return value === undefined ? 'none' : show(value)
}

function sentences(problems: readonly PoolProblem[]): string {
  const rest = problems.length - problemsShown
  const shownOnes = problems.slice(0, problemsShown).map(problemText)
  return [...shownOnes, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
}
