// Registers that no rule would have written, for schedules that show what becomes of them.

import type { Address } from '../../src/core/address.ts'
import type { Register, Run } from '../../src/core/lease/register.ts'
import type { Marks } from '../../src/core/protocol.ts'
import type { AttachmentStore, Change } from '../../src/ports/attachment-store.ts'

/** The changes after which a store has these registers and keeps all others of the domain. */
export function forgery(
  store: Pick<AttachmentStore, 'load'>,
  domain: string,
  registers: ReadonlyMap<Address, Register>,
  marks: Marks
): Change[] {
  const stored = store.load().leases.domains.get(domain)?.runs ?? []
  const forged = [...registers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([start, register]): Run => ({ start, end: start + 1n, register }))
  const added = [...stored.flatMap(run => cutOut(run, forged)), ...forged].sort((a, b) =>
    a.start < b.start ? -1 : 1
  )
  const removed = stored.map(({ start }) => start)
  return [
    { type: 'PutRuns', domain, removed, added },
    { type: 'PutMarks', domain, marks }
  ]
}

/** What is left of a run beside others, which are sorted. */
function cutOut({ start, end, register }: Run, others: readonly Run[]): Run[] {
  const left: Run[] = []
  let from = start
  for (const other of others) {
    if (other.end <= from || other.start >= end) continue
    if (from < other.start) left.push({ start: from, end: other.start, register })
    from = other.end as Address
  }
  if (from < end) left.push({ start: from, end, register })
  return left
}
