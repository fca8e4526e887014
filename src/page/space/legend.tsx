// What the patterns of the map mean, and how many addresses are so. Each entry can be picked: all else fades.

import { signal, useSignalEffect } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { others, status } from '../node-state.ts'
import { coloursChanged } from '../theme.ts'
import { changed, space } from './open-space.ts'
import { keyOf, paintOf } from './palette.ts'
import type { State } from './space.ts'
import { countWords, labelWords, percentWords, stateMeanings } from './words.ts'

/** The key of the label that stands out. */
export const picked = signal<string | undefined>(undefined)

const order: readonly State[] = [
  'used',
  'free',
  'cooling',
  'kept',
  'quarantined',
  'contested',
  'held',
  'unclaimed',
  'retired',
  'reserved',
  'outside'
]

export function Legend() {
  const shown = space.value
  void changed.value.n
  if (shown === undefined) return null
  const self = status.value?.node ?? ''
  const totals = shown.totals()
  const whole = shown.window.end - shown.window.start
  const entries = shown.labels
    .map((label, place) => ({ label, place, count: totals[place] ?? 0n }))
    .filter(({ count }) => count > 0n)
    .sort(
      (a, b) =>
        order.indexOf(a.label.state) - order.indexOf(b.label.state) ||
        a.label.node.localeCompare(b.label.node, 'en')
    )
  return (
    <ul class="legend" aria-label="Legend, with how many addresses are so">
      {entries.map(({ label, place, count }) => {
        const key = keyOf(label)
        return (
          <li key={key}>
            <button
              type="button"
              class="legend-entry"
              aria-pressed={picked.value === key}
              title={stateMeanings[label.state]}
              onClick={() => (picked.value = picked.value === key ? undefined : key)}
            >
              <Swatch place={place} />
              <span class="legend-name">{labelWords(label, self)}</span>
              <span class="legend-count">{countWords(count)}</span>
              <span class="legend-share">{percentWords(count, whole)}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

/** The very pixels of the map. */
export function Swatch({ place }: { readonly place: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useSignalEffect(() => {
    const shown = space.value
    void coloursChanged.value
    const context = canvas.current?.getContext('2d')
    if (shown === undefined || context === null || context === undefined) return
    const { width, height } = context.canvas
    const tile = paintOf(shown, others.value, 2, undefined).tiles[place]
    if (tile === undefined) return
    const image = context.createImageData(width, height)
    const pixels = new Uint32Array(image.data.buffer)
    const mask = tile.size - 1
    for (let i = 0; i < pixels.length; i += 1) {
      const [x, y] = [i % width, Math.floor(i / width)]
      pixels[i] = tile.pixels[(y & mask) * tile.size + (x & mask)] ?? 0
    }
    context.putImageData(image, 0, 0)
  })
  return <canvas ref={canvas} class="swatch" width={32} height={24} aria-hidden="true" />
}
