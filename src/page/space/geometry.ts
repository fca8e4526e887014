// Where the cells of a window lie on the screen: rows of a power of two, read like a text, so that a row has a round
// first address. All lengths are device pixels, so that cells have sharp edges.

export interface Geometry {
  readonly columns: number
  readonly rows: number
  readonly cellWidth: number
  readonly cellHeight: number
  /** Between cells, and part of them; none where cells are small. */
  readonly gap: number
}

export interface Room {
  readonly width: number
  readonly height: number
  readonly ratio: number
}

/** A cell is no larger than a line of text, and gaps are only for cells that stay visible beside them. */
const cellMaxCss = { width: 44, height: 30 }
const gapFromCss = 5

/** The number of columns that gives cells the most room, the squarer ones among equals. */
export function arrange(cells: number, { width, height, ratio }: Room): Geometry {
  let best: Geometry | undefined
  let bestScore = 0
  for (let columns = 1; columns <= Math.max(1, cells); columns *= 2) {
    const rows = Math.ceil(cells / columns)
    const cellWidth = Math.min(Math.floor(width / columns), cellMaxCss.width * ratio)
    const cellHeight = Math.min(Math.floor(height / rows), cellMaxCss.height * ratio)
    const score = Math.min(cellWidth, cellHeight * 1.5) * 1000 - Math.abs(cellWidth - cellHeight)
    if (cellWidth < 1 || cellHeight < 1 || (best !== undefined && score <= bestScore)) continue
    const gap = Math.min(cellWidth, cellHeight) >= gapFromCss * ratio ? Math.max(1, ratio >> 1) : 0
    best = { columns, rows, cellWidth, cellHeight, gap }
    bestScore = score
  }
  return best ?? { columns: 1, rows: cells, cellWidth: 1, cellHeight: 1, gap: 0 }
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export function boxOf(cell: number, { columns, cellWidth, cellHeight, gap }: Geometry): Box {
  return {
    x: (cell % columns) * cellWidth,
    y: Math.floor(cell / columns) * cellHeight,
    width: cellWidth - gap,
    height: cellHeight - gap
  }
}

/** The cell at a point, or none. */
export function cellAt(
  x: number,
  y: number,
  cells: number,
  geometry: Geometry
): number | undefined {
  const { columns, rows, cellWidth, cellHeight } = geometry
  const [column, row] = [Math.floor(x / cellWidth), Math.floor(y / cellHeight)]
  if (column < 0 || row < 0 || column >= columns || row >= rows) return undefined
  const cell = row * columns + column
  return cell < cells ? cell : undefined
}

/** Where a key of the keyboard leads from a cell; undefined when the key leads nowhere. */
export function step(
  key: string,
  cell: number,
  cells: number,
  geometry: Geometry
): number | undefined {
  const { columns, rows } = geometry
  const page = Math.max(1, Math.floor(rows / 8)) * columns
  const row = cell - (cell % columns)
  const targets: Readonly<Record<string, number>> = {
    ArrowLeft: cell - 1,
    ArrowRight: cell + 1,
    ArrowUp: cell - columns,
    ArrowDown: cell + columns,
    PageUp: cell - page,
    PageDown: cell + page,
    Home: row,
    End: row + columns - 1
  }
  const target = targets[key]
  if (target === undefined) return undefined
  if (target < 0 || target >= cells) return key.startsWith('Page') ? clamp(target, cells) : cell
  return target
}

function clamp(target: number, cells: number): number {
  return Math.max(0, Math.min(cells - 1, target))
}
