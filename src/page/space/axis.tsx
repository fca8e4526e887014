// Beside the map: the first addresses of its rows, as many as can be read.

import type { ReadonlySignal } from '@preact/signals'
import { formatAddress } from '../../core/address.ts'
import type { Geometry } from './geometry.ts'
import { space } from './open-space.ts'

const lineCss = 15

export function Axis({ geometry, ratio }: { geometry: ReadonlySignal<Geometry>; ratio: number }) {
  const shown = space.value
  if (shown === undefined) return <div class="axis" />
  const { columns, rows, cellHeight } = geometry.value
  const height = cellHeight / ratio
  let stride = 1
  while (stride * height < lineCss) stride *= 2
  const marks = Array.from({ length: Math.ceil(rows / stride) }, (_, i) => {
    const row = i * stride
    return { row, text: formatAddress(shown.addressAt(row * columns)) }
  })
  const width = Math.max(...marks.map(({ text }) => text.length))
  return (
    <div class="axis mono" aria-hidden="true" style={{ width: `${width}ch` }}>
      {marks.map(({ row, text }) => (
        <span
          key={row}
          style={{ top: `${row * height}px`, height: `${Math.max(height, lineCss)}px` }}
        >
          {text}
        </span>
      ))}
    </div>
  )
}
