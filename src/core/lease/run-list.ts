// Lists of runs that are sorted, disjoint and maximal: neighbours with one register are one run. Equal
// custody is then an equal list, and joining two lists is one walk over both.

import type { Address } from '../address.ts'
import type { AddressRange } from '../address-range.ts'
import { assert } from '../assert.ts'
import { compareRegisters, type Register, type Run, sameRegister } from './register.ts'

/** Canonical runs from disjoint ones in any order. */
export function runListOf(runs: Iterable<Run>): Run[] {
  const list: Run[] = []
  for (const run of [...runs].sort(byStart)) {
    assert(run.start < run.end, 'a run is not empty')
    assert((list.at(-1)?.end ?? 0n) <= run.start, 'runs are disjoint')
    append(list, run)
  }
  return list
}

/** The maximum of each address over runs that may overlap one another. */
export function flatten(runs: readonly Run[]): Run[] {
  let lists = runs.map(run => [run])
  // In pairs, so that many runs over one another cost no more than sorting them.
  while (lists.length > 1) {
    lists = lists.flatMap((list, i) => (i % 2 === 0 ? [joinRuns(list, lists[i + 1] ?? [])] : []))
  }
  return lists[0] ?? []
}

/** The maximum of each address over two canonical lists; an address of one list only is as it is there. */
export function joinRuns(left: readonly Run[], right: readonly Run[]): Run[] {
  const joined: Run[] = []
  let [i, j] = [0, 0]
  let [a, b] = [left[0], right[0]]
  while (a !== undefined || b !== undefined) {
    const start = b === undefined || (a !== undefined && a.start < b.start) ? a?.start : b.start
    const [inA, inB] = [a?.start === start, b?.start === start]
    const end = firstOf(inA ? a?.end : a?.start, inB ? b?.end : b?.start)
    append(joined, {
      start: start as Address,
      end,
      register: newest(inA ? a?.register : undefined, inB ? b?.register : undefined)
    })
    if (inA && a !== undefined) a = a.end === end ? left[(i += 1)] : from(a, end)
    if (inB && b !== undefined) b = b.end === end ? right[(j += 1)] : from(b, end)
  }
  return joined
}

/** Put a run behind all others. */
export function append(list: Run[], run: Run): void {
  const last = list.at(-1)
  if (last?.end === run.start && sameRegister(last.register, run.register)) {
    list[list.length - 1] = { start: last.start, end: run.end, register: last.register }
  } else list.push(run)
}

/** Where in the list the first run stands that ends after `point`; its length when there is none. */
export function firstAfter(list: readonly Run[], point: bigint): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] as Run).end <= point) low = middle + 1
    else high = middle
  }
  return low
}

/** From which to before which index the runs stand that meet the addresses from `start` to before `end`. */
export function spanOf(
  list: readonly Run[],
  start: bigint,
  end: bigint
): [low: number, high: number] {
  const last = firstAfter(list, end - 1n)
  return [firstAfter(list, start), (list[last]?.start ?? end) < end ? last + 1 : last]
}

/** What of the run lies in the range, which it meets. */
export function clip(run: Run, { start, end }: AddressRange): Run {
  if (run.start >= start && run.end <= end) return run
  return {
    start: run.start > start ? run.start : start,
    end: run.end < end ? run.end : end,
    register: run.register
  }
}

export function sameRun(a: Run, b: Run): boolean {
  return a.start === b.start && a.end === b.end && sameRegister(a.register, b.register)
}

/** By first address: the order of every list of runs. */
export function byStart(a: AddressRange, b: AddressRange): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0
}

function from(run: Run, start: bigint): Run {
  return { start: start as Address, end: run.end, register: run.register }
}

function firstOf(a: bigint | undefined, b: bigint | undefined): bigint {
  return (b === undefined || (a !== undefined && a < b) ? a : b) as bigint
}

function newest(a: Register | undefined, b: Register | undefined): Register {
  return (b === undefined || (a !== undefined && compareRegisters(a, b) >= 0) ? a : b) as Register
}
