// What scripts print for people: colour where the terminal has it, aligned columns, durations.

import { stripVTControlCharacters, styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

const gap = '   '

/** Node decides: plain unless stdout is a terminal with colours; NO_COLOR, TERM and FORCE_COLOR count. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

export function heading(text: string): string {
  return `\n${paint('bold', text)}`
}

export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/** One line of titles and one for each row; cells may be painted. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map(({ title }) => paint('dim', title))
  const lines = [titles, ...rows]
  const widths = columns.map((_, i) => Math.max(...lines.map(line => widthOf(line[i] ?? ''))))
  return lines.map(line =>
    columns
      .map(({ align }, i) => pad(line[i] ?? '', widths[i] ?? 0, align === 'right'))
      .join(gap)
      .trimEnd()
  )
}

/** Three digits at most, since nobody compares more: 1.9 ms, 24 ms, 240 ms, 3.2 s, 2 min 5 s. */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${ms.toFixed(0)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Shown while something takes its time, and gone afterwards; only a terminal shows it at all. */
export async function whileShowing<Value>(text: string, work: Promise<Value>): Promise<Value> {
  if (!process.stdout.isTTY || process.env['TERM'] === 'dumb') return work
  process.stdout.write(paint('dim', `${text} ...`))
  try {
    return await work
  } finally {
    process.stdout.write('\r\x1b[K')
  }
}

function pad(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(cell)))
  return right ? space + cell : cell + space
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length
}
