// What lies over the cells: the ends of addresses where they fit, the names of nodes over what is theirs, and the
// frames of the cursor and of the pointer.

import { formatAddress } from '../../core/address.ts'
import { colourText } from '../theme.ts'
import { type Box, boxOf, type Geometry } from './geometry.ts'
import type { Space } from './space.ts'

const textFromCss = { width: 24, height: 15 }
const nameHeightCss = 16
/** Names over every small piece would hide what they name. */
const namesMax = 24
const markBelowCss = 7
const markRadiusCss = 6
/** When there are more, the map shows it without marks. */
const marksMax = 200

export interface Overlay {
  readonly space: Space
  readonly geometry: Geometry
  readonly ratio: number
  readonly cursor: number | undefined
  readonly pointed: number | undefined
  /** The map has the keyboard. */
  readonly hasFocus: boolean
  /** Of each label the colour under its pattern. */
  readonly grounds: readonly string[]
}

export function drawOverlay(context: CanvasRenderingContext2D, overlay: Overlay): void {
  const { geometry, ratio, cursor, pointed, hasFocus } = overlay
  context.clearRect(0, 0, context.canvas.width, context.canvas.height)
  const { cellWidth, cellHeight } = geometry
  const hasText = cellWidth >= textFromCss.width * ratio && cellHeight >= textFromCss.height * ratio
  if (hasText) drawEnds(context, overlay)
  else {
    drawNames(context, overlay)
    drawMarks(context, overlay)
  }
  if (pointed !== undefined) frame(context, boxOf(pointed, geometry), colourText('text'), ratio)
  if (cursor === undefined) return
  const colour = hasFocus ? colourText('focus') : colourText('text')
  frame(context, boxOf(cursor, geometry), colour, (hasFocus ? 2.5 : 1.5) * ratio)
}

/** The last number of each address, or where its block begins. */
function drawEnds(context: CanvasRenderingContext2D, overlay: Overlay): void {
  const { space, geometry, ratio, grounds } = overlay
  context.font = `${Math.round(10 * ratio)}px ${colourText('font-mono')}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  context.lineWidth = 4 * ratio
  const [dark, light] = [colourText('map-text'), colourText('map-text-on-used')]
  for (let cell = 0; cell < space.count; cell += 1) {
    const label = space.mixAt(cell)[0]?.label ?? 0
    const { state } = space.labelOf(label)
    if (state === 'outside' || state === 'reserved') continue
    const { x, y, width, height } = boxOf(cell, geometry)
    context.fillStyle = state === 'used' ? light : dark
    const text = formatAddress(space.addressAt(cell))
    const end = text.slice(Math.max(text.lastIndexOf('.'), text.lastIndexOf(':')))
    const [middle, line] = [x + width / 2, y + height / 2 + ratio * 0.5]
    // Patterns end where digits begin.
    context.strokeStyle = grounds[label] ?? ''
    context.strokeText(end, middle, line)
    context.fillText(end, middle, line)
  }
}

/** Names of nodes, each over the longest pieces of what they hold. */
function drawNames(context: CanvasRenderingContext2D, { space, geometry, ratio }: Overlay): void {
  const { columns, cellWidth, cellHeight } = geometry
  const height = nameHeightCss * ratio
  const rowsNeeded = Math.ceil(height / cellHeight)
  context.font = `600 ${Math.round(11 * ratio)}px ${colourText('font')}`
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  for (const { name, first } of piecesOf(space, columns * (rowsNeeded + 1)).slice(0, namesMax)) {
    const row = Math.ceil(first / columns)
    const width = context.measureText(name).width + 8 * ratio
    // At the end of rows: pods get the first addresses of a block first.
    const x = columns * cellWidth - width - 4 * ratio
    const y = row * cellHeight + (rowsNeeded * cellHeight - height) / 2
    if (x < 0) continue
    context.fillStyle = colourText('map-name-ground')
    context.fillRect(x, y, width, height)
    context.fillStyle = colourText('map-name')
    context.fillText(name, x + 4 * ratio, y + height / 2 + ratio * 0.5)
  }
}

/** A ring around each cell that nobody may overlook and that is too small to be seen by itself. */
function drawMarks(context: CanvasRenderingContext2D, { space, geometry, ratio }: Overlay): void {
  const { cellWidth, cellHeight } = geometry
  if (Math.min(cellWidth, cellHeight) >= markBelowCss * ratio) return
  const colours = {
    contested: colourText('map-contest'),
    quarantined: colourText('map-quarantine')
  }
  const colourOfMix = space.mixes.map(mix => {
    const states = mix.map(({ label }) => space.labelOf(label).state)
    return states.includes('contested')
      ? colours.contested
      : states.includes('quarantined')
        ? colours.quarantined
        : undefined
  })
  if (!colourOfMix.some(colour => colour !== undefined)) return
  let marks = 0
  for (let cell = 0; cell < space.count && marks < marksMax; cell += 1) {
    const colour = colourOfMix[space.cells[cell] ?? 0]
    if (colour === undefined) continue
    marks += 1
    const { x, y } = boxOf(cell, geometry)
    context.beginPath()
    context.arc(x + cellWidth / 2, y + cellHeight / 2, markRadiusCss * ratio, 0, 2 * Math.PI)
    context.strokeStyle = colourText('map-halo')
    context.lineWidth = 4 * ratio
    context.stroke()
    context.strokeStyle = colour
    context.lineWidth = 2 * ratio
    context.stroke()
  }
}

interface Piece {
  readonly name: string
  readonly first: number
  readonly cells: number
}

/** Long rows of cells that are one node's, the longest first. */
function piecesOf(space: Space, cellsMin: number): Piece[] {
  const nodeOfMix = space.mixes.map(mix => {
    const most = mix.reduce(
      (a, b) => (b.addresses > a.addresses ? b : a),
      mix[0] ?? { label: 0, addresses: 0n }
    )
    return space.labelOf(most.label).node
  })
  const pieces: Piece[] = []
  let first = 0
  let name = ''
  for (let cell = 0; cell <= space.count; cell += 1) {
    const next = cell < space.count ? (nodeOfMix[space.cells[cell] ?? 0] ?? '') : '\0'
    if (next === name) continue
    if (name !== '' && cell - first >= cellsMin) pieces.push({ name, first, cells: cell - first })
    first = cell
    name = next
  }
  return pieces.sort((a, b) => b.cells - a.cells)
}

function frame(context: CanvasRenderingContext2D, box: Box, colour: string, width: number): void {
  const { canvas } = context
  // A frame around a tiny cell would hide it, so it stands off.
  const off = Math.ceil(width / 2)
  const x = Math.max(off, box.x - off)
  const y = Math.max(off, box.y - off)
  const right = Math.min(canvas.width - off, box.x + box.width + off)
  const bottom = Math.min(canvas.height - off, box.y + box.height + off)
  context.lineJoin = 'round'
  context.strokeStyle = colourText('map-halo')
  context.lineWidth = width + 2
  context.strokeRect(x, y, right - x, bottom - y)
  context.strokeStyle = colour
  context.lineWidth = width
  context.strokeRect(x, y, right - x, bottom - y)
}
