// Anti-entropy by counters. Every register carries its writer's count, and a mark says up to which count of a
// writer everything is known; so what somebody lacks follows from a handful of numbers.

import type { Marks } from '../protocol.ts'
import { type MemberIndex, retired, type Run } from './register.ts'

export interface MarkedRuns {
  readonly runs: readonly Run[]
  /** How far the receiver may raise its marks after it has taken all of the runs. */
  readonly raise: Marks
}

type MarkOf = ReadonlyMap<MemberIndex, number>

/**
 * The registers above `theirs`, writers and counts ascending. Whatever has one count goes whole or not at
 * all, and after `limit` runs the rest waits for the next time; only a first count with more runs than
 * that goes beyond it, since no mark could ever pass it otherwise.
 */
export function deltaAbove(
  runs: readonly Run[],
  theirs: MarkOf,
  ours: MarkOf,
  limit: number
): MarkedRuns {
  const sent: Run[] = []
  const raise: [MemberIndex, number][] = []
  const writesOf = writesAbove(runs, theirs)
  // A writer whose last register was overwritten is advertised all the same: there are no holes to fill.
  for (const writer of [...new Set([...ours.keys(), ...writesOf.keys()])].sort((a, b) => a - b)) {
    if (writer === retired) continue
    const own = ours.get(writer) ?? 0
    const { last, isCut } = sendWrites(writesOf.get(writer) ?? [], sent, limit)
    // What lies above our own mark came ahead of it, by a grant; there may be gaps before it.
    const mark = isCut ? Math.min(own, last) : own
    if (mark > (theirs.get(writer) ?? 0)) raise.push([writer, mark])
    if (isCut) break
  }
  return { runs: sent, raise }
}

/** Marks that rise, of those that a sender allows; a writer with a refused register stays where it is. */
export function raiseMarks(
  ours: MarkOf,
  raise: Marks,
  refusedWriters: ReadonlySet<MemberIndex>
): Marks {
  return raise.filter(
    ([writer, wctr]) => !refusedWriters.has(writer) && wctr > (ours.get(writer) ?? 0)
  )
}

/** By writer, the runs of each count, ascending. What the registry wrote everybody has from the registry. */
function writesAbove(runs: readonly Run[], marks: MarkOf): Map<MemberIndex, Run[][]> {
  const above = runs.filter(
    ({ register: { writer, wctr } }) => writer !== retired && wctr > (marks.get(writer) ?? 0)
  )
  return new Map(
    [...Map.groupBy(above, ({ register }) => register.writer)].map(([writer, written]) => {
      const writes = [...Map.groupBy(written, ({ register }) => register.wctr)]
      return [writer, writes.sort(([a], [b]) => a - b).map(([, write]) => write)]
    })
  )
}

/** Send whole writes while they fit; `last` is the count of the last one sent, 0 when there is none. */
function sendWrites(
  writes: readonly Run[][],
  sent: Run[],
  limit: number
): { last: number; isCut: boolean } {
  let last = 0
  for (const write of writes) {
    if (sent.length > 0 && sent.length + write.length > limit) return { last, isCut: true }
    for (const run of write) sent.push(run)
    last = write[0]?.register.wctr ?? last
  }
  return { last, isCut: false }
}
