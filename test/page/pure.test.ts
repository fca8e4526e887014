// The parts of the page that need no browser: cells from answers, where they lie, who hears whom, what a histogram says.

import t from 'tap'
import type { MapView } from '../../src/core/map/map-view.ts'
import { groupsOf, gridPlaces, ringPlaces } from '../../src/page/mesh/groups.ts'
import { isIPv4, isIPv6 } from '../../src/page/node-net.ts'
import { arrange, boxOf, cellAt, step } from '../../src/page/space/geometry.ts'
import { linesOf, paintRows } from '../../src/page/space/painter.ts'
import { cellFor, closer, numberOf, Space, windowOf } from '../../src/page/space/space.ts'
import { countWords, percentWords, shortIds, windowWords } from '../../src/page/space/words.ts'
import { quantile, readHistogram, since, totalOf } from '../../src/page/traffic/histogram.ts'

const view: MapView = {
  ...{ subnet: '10.9.0.0/28', from: '10.9.0.0', to: '10.9.0.15', cell: 1 },
  labels: [
    { state: 'reserved', addresses: 2 },
    { state: 'free', node: 'n1', addresses: 6 },
    { state: 'held', node: 'n2', addresses: 8 }
  ],
  runs: [
    [2, 0],
    [6, 1],
    [8, 2]
  ]
}
const words = (space: Space) =>
  Array.from({ length: space.count }, (_, cell) =>
    space
      .mixAt(cell)
      .map(({ label }) => space.labelOf(label).state[0])
      .join('')
  ).join('')

t.test('what changed is laid over what was there', async t => {
  const space = new Space(windowOf('10.9.0.0/28'), view)
  t.equal(words(space), 'rrffffffhhhhhhhh')
  t.same(space.totals(), [2n, 6n, 8n])
  const laid = space.lay({
    ...view,
    ...{ from: '10.9.0.4', to: '10.9.0.9' },
    labels: [
      { state: 'held', node: 'n3', addresses: 1 },
      { state: 'used', node: 'n1', addresses: 3 },
      { state: 'held', node: 'n2', addresses: 2 }
    ],
    runs: [
      [1, 0],
      [3, 1],
      [2, 2]
    ]
  })
  t.same(laid, [4, 10])
  t.equal(words(space), 'rrffhuuuhhhhhhhh')
  t.same(space.totals(), [2n, 2n, 8n, 1n, 3n], 'known labels keep their places')
  t.equal(space.cellOf(numberOf('10.9.0.7')), 7)
  t.equal(space.cellOf(numberOf('10.9.0.16')), undefined)
})

t.test('cells of blocks are divided as their addresses are', async t => {
  const space = new Space(windowOf('10.9.0.0/28'), {
    ...{ ...view, cell: 8 },
    runs: [
      [
        1,
        [
          [0, 2],
          [1, 6]
        ]
      ],
      [1, 2]
    ]
  })
  t.equal(space.count, 2)
  t.same(space.totals(), [2n, 6n, 8n])
  const lines = linesOf(space, 8)
  t.same([...lines.slice(0, 8)], [0, 0, 1, 1, 1, 1, 1, 1], 'a quarter is a quarter of the lines')
  t.same([...lines.slice(8)], Array(8).fill(2))
  t.same([...linesOf(space, 2).slice(0, 2)], [1, 1], 'without room the larger part stands for all')
})

t.test('a look closer is aligned and ends at single addresses', async t => {
  const sizes: string[] = []
  for (let window = windowOf('fd00::/64'); ;) {
    sizes.push(windowWords(window.start, window.end))
    const next = closer(window, numberOf('fd00::1:2345'))
    if (next === undefined) break
    window = next
  }
  t.same(sizes, [
    'fd00::/64',
    'fd00::/76',
    'fd00::/88',
    'fd00::/100',
    'fd00::1:0/112',
    'fd00::1:2000/116',
    'fd00::1:2300/120'
  ])
  t.equal(cellFor(65_536n), 1n)
  t.equal(cellFor(65_537n), 32n)
})

t.test('rows are a power of two, and every cell has its place', async t => {
  for (const [cells, width, height, ratio] of [
    [65_536, 900, 560, 1],
    [256, 900, 560, 2],
    [4_096, 390, 500, 3],
    [1, 300, 300, 1],
    [65_536, 200, 100, 1]
  ] as const) {
    const geometry = arrange(cells, { width, height, ratio })
    t.ok(Number.isInteger(Math.log2(geometry.columns)), `${cells} in ${width} by ${height}`)
    t.ok(geometry.columns * geometry.rows >= cells)
    for (const cell of [0, 1, Math.floor(cells / 2), cells - 1].filter(one => one < cells)) {
      const { x, y } = boxOf(cell, geometry)
      t.equal(cellAt(x, y, cells, geometry), cell)
    }
    t.equal(cellAt(-1, 0, cells, geometry), undefined)
    t.equal(cellAt(0, geometry.rows * geometry.cellHeight, cells, geometry), undefined)
  }
})

t.test('keys lead to neighbours and stop at the edges', async t => {
  const geometry = { columns: 16, rows: 16, cellWidth: 4, cellHeight: 4, gap: 0 }
  for (const [key, from, to] of [
    ['ArrowRight', 0, 1],
    ['ArrowLeft', 0, 0],
    ['ArrowUp', 3, 3],
    ['ArrowDown', 3, 19],
    ['ArrowDown', 250, 250],
    ['Home', 19, 16],
    ['End', 19, 31],
    ['PageDown', 0, 32],
    ['PageDown', 250, 255],
    ['PageUp', 5, 0],
    ['a', 0, undefined]
  ] as const) {
    t.equal(step(key, from, 256, geometry), to, `${key} from ${from}`)
  }
})

t.test('pixels repeat the tile of their label, whatever the size of cells', async t => {
  const space = new Space(windowOf('10.9.0.0/28'), view)
  const geometry = { columns: 4, rows: 4, cellWidth: 3, cellHeight: 3, gap: 1 }
  const tiles = [1, 2, 3].map(colour => ({ size: 8, pixels: new Uint32Array(64).fill(colour) }))
  const pixels = new Uint32Array(12 * 6)
  paintRows(pixels, 12, [1, 3], space, geometry, { tiles, ground: 9 })
  const line = (y: number) => [...pixels.slice(y * 12, y * 12 + 12)].join('')
  t.equal(line(0), '229229229229', 'the second row of cells is free')
  t.equal(line(2), '999999999999', 'between cells is ground')
  t.equal(line(3), '339339339339', 'the third is held')
})

const peer = (node: string, session: boolean) => ({ node, connected: session, session })

t.test('sides are what links join, whoever says so', async t => {
  const mine = { node: 'n1', peers: [peer('n3', false), peer('n2', true), peer('n4', false)] }
  const alone = groupsOf(mine, new Map())
  t.same(
    alone.here.map(({ name }) => name),
    ['n1', 'n2']
  )
  t.same(
    alone.beyond.map(({ name }) => name),
    ['n3', 'n4']
  )
  t.same(alone.links, [{ from: 'n1', to: 'n2', state: 'up' }])
  const told = groupsOf(mine, new Map([['n2', new Set(['n1', 'n3'])]]))
  t.same(
    told.here.map(({ name }) => name),
    ['n1', 'n2', 'n3'],
    'n2 hears it'
  )
  t.match(told.here[2], { link: 'down' }, 'from here it is out of reach all the same')
  t.same(
    told.beyond.map(({ name }) => name),
    ['n4']
  )
  t.match(told.links[1], { from: 'n2', to: 'n3', state: 'up' })
  const half = groupsOf(
    { node: 'n1', peers: [peer('n2', true), peer('n3', true)] },
    new Map([
      ['n2', new Set(['n1', 'n3'])],
      ['n3', new Set(['n1'])]
    ])
  )
  t.match(half.links[2], { from: 'n2', to: 'n3', state: 'half' })
})

t.test('nodes lie apart from one another', async t => {
  for (const count of [1, 2, 3, 4, 7, 8, 20, 60]) {
    for (const places of [ringPlaces(count, 90), gridPlaces(count, 90, 3)]) {
      t.equal(places.length, count)
      const near = places.some((a, i) =>
        places.slice(i + 1).some(b => Math.hypot(a.x - b.x, a.y - b.y) < 60)
      )
      t.notOk(near, `${count}`)
    }
  }
})

t.test('what came between two scrapes, and how fast it was', async t => {
  const text = (counts: readonly number[]) =>
    ['0.001', '0.002', '+Inf']
      .map((le, i) => `m_bucket{verb="ADD",phase="whole",result="ok",le="${le}"} ${counts[i]}`)
      .concat('m_bucket{verb="DEL",phase="whole",le="+Inf"} 99', 'm_sum{verb="ADD"} 1')
      .join('\n')
  const read = (counts: readonly number[]) =>
    readHistogram(text(counts), 'm', ['verb="ADD"', 'phase="whole"'])
  const before = read([10, 10, 10])
  const news = since(read([10, 20, 20]), before)
  t.equal(totalOf(news), 10)
  t.equal(quantile(news, 0.5), 0.0015)
  t.equal(quantile(since(before, before), 0.5), undefined, 'of nothing nothing is said')
  t.equal(totalOf(since(read([1, 1, 1]), before)), 1, 'a daemon that was started anew')
  t.equal(quantile(read([0, 0, 5]), 0.5), 0.002, 'slower than the last bound is at least that')
})

t.test('words', async t => {
  const id = '4baeaa0c7d2e8653'.repeat(4)
  t.equal(shortIds(`given to web (net/${id}/eth0)`), 'given to web (net/4baeaa0c7d…/eth0)')
  t.equal(countWords(9_999n), '9999')
  t.equal(countWords(65_536n), '65\u202f536')
  t.equal(countWords(1n << 64n), '2^64')
  t.equal(percentWords(1n, 65_536n), '<0.01 %')
  t.equal(percentWords(0n, 10n), '0 %')
  t.equal(percentWords(1n, 3n), '33 %')
  t.equal(windowWords(numberOf('10.9.0.0'), numberOf('10.9.0.0') + 256n), '10.9.0.0/24')
})

t.test('addresses are told apart as Node does it', async t => {
  for (const [text, four, six] of [
    ['10.0.0.1', true, false],
    ['10.0.0.256', false, false],
    ['10.0.0', false, false],
    ['01.0.0.1', false, false],
    ['fd00::1', false, true],
    ['::ffff:10.0.0.1', false, true],
    ['fd00::1::2', false, false],
    ['fe80::1%eth0', false, false],
    ['pod-1', false, false]
  ] as const) {
    t.equal(isIPv4(text), four, text)
    t.equal(isIPv6(text), six, text)
  }
})
