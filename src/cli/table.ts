// Rows in columns that stand under one another, as wide as they need to be, like kubectl's.

const gap = '   '

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Lines with an end each; a last cell that is empty leaves no space behind. */
export function tableText({ head, rows }: Table): string {
  const widths = head.map((_, i) =>
    Math.max(...[head, ...rows].map(row => (row[i] ?? '').length), 0)
  )
  const line = (cells: readonly string[]) =>
    widths
      .map((width, i) => (cells[i] ?? '').padEnd(width))
      .join(gap)
      .trimEnd()
  return [head, ...rows].map(cells => `${line(cells)}\n`).join('')
}

/** What a cell shows of what is not there. */
export const none = '<none>'

/** `45s`, `12m`, `3h`, `9d`, as kubectl tells ages. */
export function ageText(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.floor(seconds))}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
