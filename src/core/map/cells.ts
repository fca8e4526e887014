// A window of the number line as cells of one size, for drawing: cells that are alike next to one another are one
// run, so a /64 that nobody has cut costs one. A cell of many addresses says how many it has of each label.

import type { Stretch } from './stretches.ts'

export interface CellRun<Label> {
  /** So many cells in a row. */
  readonly cells: bigint
  /** How many addresses each of them has of each label, in the order of the first of each. */
  readonly shares: readonly Share<Label>[]
}

export interface Share<Label> {
  readonly label: Label
  readonly count: bigint
}

/** `stretches` cover a window that is a multiple of `cellSize` from end to end. */
export function cellsOf<Label>(
  stretches: Iterable<Stretch<Label>>,
  cellSize: bigint
): CellRun<Label>[] {
  const runs: CellRun<Label>[] = []
  const open = new Map<Label, bigint>()
  let left = cellSize
  const close = () => {
    append(runs, { cells: 1n, shares: [...open].map(([label, count]) => ({ label, count })) })
    open.clear()
    left = cellSize
  }
  for (const { start, end, label } of stretches) {
    let rest = end - start
    const fill = (count: bigint) => {
      open.set(label, (open.get(label) ?? 0n) + count)
      left -= count
      rest -= count
      if (left === 0n) close()
    }
    if (left < cellSize) fill(rest < left ? rest : left)
    const whole = rest / cellSize
    if (whole > 0n) append(runs, { cells: whole, shares: [{ label, count: cellSize }] })
    rest -= whole * cellSize
    if (rest > 0n) fill(rest)
  }
  return runs
}

/** The smallest cell, a power of two, of which no more than `cellsMax` cover so many addresses. */
export function cellSizeFor(addresses: bigint, cellsMax: number): bigint {
  let size = 1n
  while (addresses > size * BigInt(cellsMax)) size *= 2n
  return size
}

/** How many addresses there are of each label. */
export function tally<Label>(stretches: Iterable<Stretch<Label>>): Map<Label, bigint> {
  const counts = new Map<Label, bigint>()
  for (const { start, end, label } of stretches) {
    counts.set(label, (counts.get(label) ?? 0n) + (end - start))
  }
  return counts
}

function append<Label>(runs: CellRun<Label>[], run: CellRun<Label>): void {
  const last = runs.at(-1)
  if (last === undefined || !isAlike(last, run)) runs.push(run)
  else runs[runs.length - 1] = { ...last, cells: last.cells + run.cells }
}

function isAlike<Label>(a: CellRun<Label>, b: CellRun<Label>): boolean {
  return (
    a.shares.length === b.shares.length &&
    a.shares.every(({ label, count }, i) => {
      const other = b.shares[i]
      return other?.label === label && other.count === count
    })
  )
}
