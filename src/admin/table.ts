// Rows in columns that stand under one another, as wide as they need to be.

const gap = '  '

/** Lines with an end each; a last cell that is empty leaves no space behind. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
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
