// What is drawn of an address space, against the same thing done address by address.

import t from 'tap'
import { type Address, ipv4Base } from '../../../src/core/address.ts'
import type { AddressRange } from '../../../src/core/address-range.ts'
import { AddressSet } from '../../../src/core/address-set.ts'
import { cellsOf, cellSizeFor, tally } from '../../../src/core/map/cells.ts'
import { paint } from '../../../src/core/map/stretches.ts'
import * as fc from '../../support/property.ts'

const size = 64
const base = ipv4Base - 32n
const window: AddressRange = { start: base as Address, end: base + BigInt(size) }

/** Per address a label, or none: a layer in the plainest form there is. */
const anyLayer = fc.array(fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }), {
  minLength: size,
  maxLength: size
})
const anyLayers = fc.array(anyLayer, { maxLength: 4 })

function layerOf(labels: readonly (string | undefined)[]) {
  return labels.flatMap((label, i) =>
    label === undefined
      ? []
      : [{ start: (base + BigInt(i)) as Address, end: base + BigInt(i) + 1n, label }]
  )
}

function expected(layers: readonly (readonly (string | undefined)[])[]): string[] {
  return Array.from(
    { length: size },
    (_, i) => layers.find(l => l[i] !== undefined)?.[i] ?? 'ground'
  )
}

t.test('the topmost layer that has an address says what it is', async () => {
  fc.assert(
    fc.property(anyLayers, fc.nat(size - 1), fc.nat(size), (layers, from, length) => {
      const end = Math.min(size, from + 1 + length)
      const part = { start: (base + BigInt(from)) as Address, end: base + BigInt(end) }
      const painted = paint(part, layers.map(layerOf), 'ground')
      const flat = painted.flatMap(({ start, end, label }) =>
        Array<string>(Number(end - start)).fill(label)
      )
      const isJoined = painted.every(({ start, label }, i) => {
        const before = painted[i - 1]
        return before === undefined || (before.end === start && before.label !== label)
      })
      return isJoined && JSON.stringify(flat) === JSON.stringify(expected(layers).slice(from, end))
    }),
    { numRuns: 2_000 }
  )
})

t.test('long stretches hide what lies below them and end where something lies above', async t => {
  const at = (start: number, end: number, label: string) => ({
    start: (base + BigInt(start)) as Address,
    end: base + BigInt(end),
    label
  })
  t.same(paint(window, [[at(10, 20, 'top')], [at(0, 15, 'low'), at(18, 40, 'low')]], 'ground'), [
    at(0, 10, 'low'),
    at(10, 20, 'top'),
    at(20, 40, 'low'),
    at(40, 64, 'ground')
  ])
})

t.test('cells have the counts of their addresses', async () => {
  fc.assert(
    fc.property(anyLayers, fc.constantFrom(1, 2, 4, 16, 64), (layers, cell) => {
      const stretches = paint(window, layers.map(layerOf), 'ground')
      const labels = expected(layers)
      const counts = Array.from({ length: size / cell }, (_, i) => {
        const of = Map.groupBy(labels.slice(i * cell, (i + 1) * cell), label => label)
        return [...of].map(([label, all]) => `${label}${all.length}`).join(' ')
      })
      const runs = cellsOf(stretches, BigInt(cell))
      const flat = runs.flatMap(({ cells, shares }) =>
        Array<string>(Number(cells)).fill(shares.map(s => `${s.label}${s.count}`).join(' '))
      )
      const isShort = runs.every(({ shares }, i) => {
        const text = (of?: typeof shares) => of?.map(s => `${s.label}${s.count}`).join(' ')
        return text(runs[i - 1]?.shares) !== text(shares)
      })
      return isShort && JSON.stringify(flat) === JSON.stringify(counts)
    }),
    { numRuns: 2_000 }
  )
})

t.test('a /64 costs as many runs as it has stretches, and a few more', async t => {
  const wide = { start: 0xfd00n << 112n, end: (0xfd00n << 112n) + (1n << 64n) } as AddressRange
  const used = AddressSet.of([{ start: (wide.start + 77n) as Address, end: wide.start + 80n }])
  const layer = [...used.ranges()].map(range => ({ ...range, label: 'used' }))
  const stretches = paint(wide, [layer], 'free')
  t.same(
    [...tally(stretches)],
    [
      ['free', (1n << 64n) - 3n],
      ['used', 3n]
    ]
  )
  const cell = cellSizeFor(1n << 64n, 4_096)
  t.equal(cell, 1n << 52n)
  t.same(cellsOf(stretches, cell), [
    {
      cells: 1n,
      shares: [
        { label: 'free', count: (1n << 52n) - 3n },
        { label: 'used', count: 3n }
      ]
    },
    { cells: 4_095n, shares: [{ label: 'free', count: 1n << 52n }] }
  ])
})

t.test('a cell is the smallest power of two that suffices', async t => {
  for (const [addresses, cells, size] of [
    [256n, 256, 1n],
    [257n, 256, 2n],
    [65_536n, 4_096, 16n],
    [1n, 1, 1n],
    [3n, 1, 4n]
  ] as const) {
    t.equal(cellSizeFor(addresses, cells), size, `${addresses} in ${cells}`)
  }
})
