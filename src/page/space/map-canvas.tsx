// The map itself: two canvases, the cells below and what lies over them above, and the pointer and the keyboard
// that walk over them.

import { useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { formatAddress } from '../../core/address.ts'
import { announce } from '../announce.ts'
import { others, status } from '../node-state.ts'
import { coloursChanged } from '../theme.ts'
import { Axis } from './axis.tsx'
import { arrange, cellAt, type Geometry, step } from './geometry.ts'
import { changed, cursor, space, windows, zoomIn, zoomOutTo } from './open-space.ts'
import { drawOverlay } from './overlay.ts'
import { paintRows } from './painter.ts'
import { groundsOf, paintOf } from './palette.ts'
import { picked } from './legend.tsx'
import type { Space } from './space.ts'
import { cellWords, countWords, labelWords } from './words.ts'

/** A whole window has to fit below the header without scrolling. */
const heightShare = 0.62
const heightMinCss = 260
const heightMaxCss = 640

export function MapCanvas() {
  const frame = useRef<HTMLDivElement>(null)
  const below = useRef<HTMLCanvasElement>(null)
  const above = useRef<HTMLCanvasElement>(null)
  const room = useSignal({ width: 0, height: 0, ratio: 1 })
  const pointed = useSignal<number | undefined>(undefined)
  const hasFocus = useSignal(false)

  useLayoutEffect(() => {
    const element = frame.current
    if (element === null) return
    const measure = () => {
      const ratio = Math.min(3, Math.max(1, devicePixelRatio))
      const height = Math.min(heightMaxCss, Math.max(heightMinCss, innerHeight * heightShare))
      const [w, h] = [Math.floor(element.clientWidth * ratio), Math.floor(height * ratio)]
      const last = room.peek()
      if (w !== last.width || h !== last.height || ratio !== last.ratio)
        room.value = { width: w, height: h, ratio }
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    measure()
    return () => observer.disconnect()
  }, [])

  const geometry = useComputed(() => arrange(space.value?.count ?? 1, room.value))
  useCells(below, geometry, room)

  useSignalEffect(() => {
    const [shown, at] = [space.value, cursor.value]
    void changed.value.n
    void coloursChanged.value
    const context = above.current?.getContext('2d')
    if (shown === undefined || context === null || context === undefined) return
    fit(context.canvas, geometry.value, room.value.ratio)
    drawOverlay(context, {
      ...{ space: shown, geometry: geometry.value, ratio: room.value.ratio },
      cursor: at === undefined ? undefined : shown.cellOf(at),
      pointed: pointed.value,
      hasFocus: hasFocus.value,
      grounds: groundsOf(paintOf(shown, others.value, room.value.ratio, picked.value))
    })
  })

  const cellUnder = (event: { clientX: number; clientY: number }): number | undefined => {
    const [shown, canvas] = [space.peek(), above.current]
    if (shown === undefined || canvas === null) return undefined
    const { left, top } = canvas.getBoundingClientRect()
    const { ratio } = room.peek()
    return cellAt(
      (event.clientX - left) * ratio,
      (event.clientY - top) * ratio,
      shown.count,
      geometry.peek()
    )
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const shown = space.peek()
    if (shown !== undefined && onMapKey(event.key, shown, geometry.peek())) event.preventDefault()
  }
  const select = (event: MouseEvent) => {
    const [shown, cell] = [space.peek(), cellUnder(event)]
    if (shown !== undefined && cell !== undefined) cursor.value = shown.addressAt(cell)
  }

  return (
    <div class="map">
      <Axis geometry={geometry} ratio={room.value.ratio} />
      <div
        class="map-frame"
        ref={frame}
        role="application"
        aria-roledescription="address map"
        aria-label="Address map. Arrow keys move, Enter looks closer, Escape goes back."
        tabIndex={0}
        onKeyDown={onKey}
        onFocus={() => {
          hasFocus.value = true
          const shown = space.peek()
          if (shown !== undefined && cursor.peek() === undefined) cursor.value = shown.addressAt(0)
        }}
        onBlur={() => (hasFocus.value = false)}
        onPointerMove={event =>
          (pointed.value = event.pointerType === 'touch' ? undefined : cellUnder(event))
        }
        onPointerLeave={() => (pointed.value = undefined)}
        onClick={select}
        onDblClick={() => cursor.peek() !== undefined && zoomIn(cursor.peek()!)}
      >
        <canvas ref={below} />
        <canvas ref={above} class="map-above" />
        <PointerNote pointed={pointed.value} geometry={geometry.value} ratio={room.value.ratio} />
      </div>
    </div>
  )
}

/** Paint the rows that changed, in the next frame. */
function useCells(
  canvas: { readonly current: HTMLCanvasElement | null },
  geometry: { readonly value: Geometry },
  room: { readonly value: { readonly ratio: number } }
): void {
  const last = useRef<unknown[]>([])
  const pending = useRef<readonly [first: number, end: number] | undefined>(undefined)
  useSignalEffect(() => {
    const shown = space.value
    const { first, end } = changed.value
    const at = geometry.value
    const inputs = [
      shown,
      at,
      others.value,
      picked.value,
      coloursChanged.value,
      shown?.labels.length
    ]
    if (shown === undefined) return
    const isSame = inputs.every((input, i) => input === last.current[i])
    last.current = inputs
    const rows = isSame
      ? ([Math.floor(first / at.columns), Math.ceil(end / at.columns)] as const)
      : ([0, at.rows] as const)
    const before = pending.current
    pending.current =
      before === undefined ? rows : [Math.min(before[0], rows[0]), Math.max(before[1], rows[1])]
    if (before !== undefined) return
    requestAnimationFrame(() => {
      const waiting = pending.current ?? [0, 0]
      pending.current = undefined
      if (canvas.current !== null && space.peek() === shown)
        paint(canvas.current, shown, at, waiting, room.value.ratio)
    })
  })
}

function paint(
  canvas: HTMLCanvasElement,
  shown: Space,
  geometry: Geometry,
  [firstRow, endRow]: readonly [number, number],
  ratio: number
): void {
  const began = performance.now()
  const context = canvas.getContext('2d', { alpha: false })
  if (context === null || endRow <= firstRow) return
  const isFitted = fit(canvas, geometry, ratio)
  const rows = isFitted
    ? ([firstRow, Math.min(endRow, geometry.rows)] as const)
    : ([0, geometry.rows] as const)
  const image = context.createImageData(canvas.width, (rows[1] - rows[0]) * geometry.cellHeight)
  const pixels = new Uint32Array(image.data.buffer)
  const look = paintOf(shown, others.peek(), ratio, picked.peek())
  paintRows(pixels, canvas.width, rows, shown, geometry, look)
  context.putImageData(image, 0, rows[0] * geometry.cellHeight)
  performance.measure('map', { start: began, end: performance.now() })
}

/** False when it had another size: then nothing is on it. */
function fit(canvas: HTMLCanvasElement, geometry: Geometry, ratio: number): boolean {
  const width = geometry.columns * geometry.cellWidth
  const height = geometry.rows * geometry.cellHeight
  canvas.style.width = `${width / ratio}px`
  canvas.style.height = `${height / ratio}px`
  if (canvas.width === width && canvas.height === height) return true
  canvas.width = width
  canvas.height = height
  return false
}

function onMapKey(key: string, shown: Space, geometry: Geometry): boolean {
  const at = cursor.peek()
  const cell = (at === undefined ? undefined : shown.cellOf(at)) ?? 0
  if (key === 'Enter' || key === '+') {
    if (at !== undefined && zoomIn(at)) announce(`Looking closer at ${formatAddress(at)}`)
    return true
  }
  if (key === 'Escape' || key === 'Backspace' || key === '-') {
    if (windows.peek().length < 2) return false
    zoomOutTo(windows.peek().length - 2)
    announce('Back to the larger view')
    return true
  }
  const next = step(key, cell, shown.count, geometry)
  if (next === undefined) return false
  cursor.value = shown.addressAt(next)
  announce(`${cellWords(next, shown)}: ${mixWords(next, shown)}`)
  return true
}

function mixWords(cell: number, shown: Space): string {
  const self = status.peek()?.node ?? ''
  const mix = shown.mixAt(cell)
  return mix
    .map(({ label, addresses }) => {
      const words = labelWords(shown.labelOf(label), self)
      if (shown.isSingle) return words
      return `${mix.length === 1 ? 'all' : countWords(addresses)} ${words}`
    })
    .join(', ')
}

interface NoteProps {
  readonly pointed: number | undefined
  readonly geometry: Geometry
  readonly ratio: number
}

/** Beside the pointer, what it is on. */
function PointerNote({ pointed, geometry, ratio }: NoteProps) {
  const shown = space.value
  if (pointed === undefined || shown === undefined || pointed >= shown.count) return null
  const { columns, cellWidth, cellHeight } = geometry
  const x = ((pointed % columns) + 1) * (cellWidth / ratio)
  const y = (Math.floor(pointed / columns) + 1) * (cellHeight / ratio)
  const isRight = x > (columns * cellWidth) / ratio / 2
  const style = isRight
    ? { right: `calc(100% - ${x - cellWidth / ratio - 6}px)`, top: `${y + 4}px` }
    : { left: `${x + 6}px`, top: `${y + 4}px` }
  return (
    <div class="note" style={style} aria-hidden="true">
      <span class="mono">{cellWords(pointed, shown)}</span>
      <span>{mixWords(pointed, shown)}</span>
    </div>
  )
}
