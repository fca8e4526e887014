// What a run has found: one figure a line for people, and the same in bench/latest.json.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Machine } from './machine.ts'

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it has to be; null for one that only informs. */
  readonly bar: string | null
  readonly holds: boolean | null
}

/** A figure with the run that it comes from: one group can be measured again without the others. */
export interface RecordedFigure extends Figure {
  readonly group: string
  readonly date: string
  readonly quick: boolean
}

export type Bar =
  { readonly atMost: number } | { readonly below: number } | { readonly atLeast: number }

export function figure(name: string, value: number, unit: string, bar?: Bar): Figure {
  if (bar === undefined) return { name, value: rounded(value), unit, bar: null, holds: null }
  const [text, holds] =
    'atMost' in bar
      ? [`≤ ${rounded(bar.atMost)}`, value <= bar.atMost]
      : 'below' in bar
        ? [`< ${rounded(bar.below)}`, value < bar.below]
        : [`≥ ${rounded(bar.atLeast)}`, value >= bar.atLeast]
  return { name, value: rounded(value), unit, bar: text, holds }
}

export function printTable(figures: readonly Figure[]): void {
  const rows = [
    ['figure', 'value', 'unit', 'bar', 'holds'],
    ...figures.map(({ name, value, unit, bar, holds }) => [
      name,
      String(value),
      unit,
      bar ?? '',
      holds === null ? '' : holds ? 'yes' : 'NO'
    ])
  ]
  const widths = [0, 1, 2, 3, 4].map(column =>
    Math.max(...rows.map(row => row[column]?.length ?? 0))
  )
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
    )
    console.log(cells.join('  ').trimEnd())
  }
}

/** Figures of groups that this run left out stay as an earlier run on the same machine found them. */
export function writeFigures(
  file: string,
  machine: Machine,
  figures: readonly RecordedFigure[]
): void {
  const groups = new Set(figures.map(({ group }) => group))
  const kept = readFigures(file, machine).filter(({ group }) => !groups.has(group))
  mkdirSync(dirname(file), { recursive: true })
  const record = { machine, figures: [...kept, ...figures] }
  writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`)
}

function readFigures(file: string, machine: Machine): RecordedFigure[] {
  if (!existsSync(file)) return []
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as {
      machine: Machine
      figures: RecordedFigure[]
    }
    const same = (['processor', 'cores', 'node', 'kernel'] as const).every(
      fact => record.machine[fact] === machine[fact]
    )
    return same ? record.figures : []
  } catch {
    return []
  }
}

/** Four digits are more than a noisy machine can tell. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
