// A run as a picture: one lane for each node with its ADDs as dots, the slower the higher, and what went wrong
// as bars behind them.

import type { Fault, FaultKind, History } from './history.ts'

const width = 1200
const left = 60
const right = 20
const laneHeight = 90
const top = 70
const bottom = 70
/** The top of a lane, in milliseconds; the scale is logarithmic from one millisecond. */
const slowestMs = 15_000

const answered = '#22863a'
const refused = '#b31d28'

const colours: Readonly<Record<FaultKind, string>> = {
  kill: '#d73a49',
  restart: '#e36209',
  freeze: '#0366d6',
  split: '#6f42c1',
  'one-way': '#b08800',
  lossy: '#6a737d'
}

const meaning: Readonly<Record<FaultKind, string>> = {
  kill: 'killed (-9)',
  restart: 'restarted',
  freeze: 'frozen (SIGSTOP)',
  split: 'cut off from the others',
  'one-way': 'hears nobody',
  lossy: 'loses 30 % of packets'
}

/** `words`: one line under the picture. */
export function timeline(history: History, nodes: number, words: string): string {
  const end = Math.max(...history.adds.map(({ to }) => to), 1)
  const height = top + nodes * laneHeight + bottom
  const x = (ms: number) => left + (Math.min(ms, end) / end) * (width - left - right)
  const base = (node: number) => top + node * laneHeight - 8
  const y = (node: number, ms: number) =>
    base(node) - (Math.log(Math.max(ms, 1)) / Math.log(slowestMs)) * (laneHeight - 22)
  const lanes = Array.from({ length: nodes }, (_, i) => i + 1)
  const frame = lanes.flatMap(node => [
    `<text x="12" y="${base(node) - 28}" font-weight="bold">n${node}</text>`,
    `<line x1="${left}" x2="${width - right}" y1="${base(node)}" y2="${base(node)}" stroke="#d1d5da"/>`,
    ...[10, 1000].map(
      ms =>
        `<line x1="${left}" x2="${width - right}" y1="${y(node, ms)}" y2="${y(node, ms)}" stroke="#eaecef"/>` +
        `<text x="${left - 4}" y="${y(node, ms) + 3}" text-anchor="end" font-size="9" fill="#6a737d">${ms < 1000 ? `${ms} ms` : '1 s'}</text>`
    )
  ])
  const bars = history.faults.flatMap(fault =>
    fault.nodes.map(node => bar(fault, x, base(node), laneHeight - 14))
  )
  // Points of one path each, those of one place drawn once: thousands of circles would make a large file.
  const points = (isAnswer: boolean) => {
    const places = history.adds
      .filter(({ address }) => (address !== undefined) === isAnswer)
      .map(({ node, from, to }) => `M${Math.round(x(to))} ${Math.round(y(node, to - from))}h0`)
    return [...new Set(places)].join('')
  }
  const dots = [
    `<path d="${points(true)}" stroke="${answered}" stroke-width="2.8" stroke-linecap="round"/>`,
    `<path d="${points(false)}" stroke="${refused}" stroke-width="5.5" stroke-linecap="round"/>`
  ]
  const step = end > 120_000 ? 30_000 : 10_000
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step).map(
    ms =>
      `<text x="${x(ms)}" y="${height - bottom + 16}" text-anchor="middle" fill="#6a737d">${ms / 1000} s</text>`
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="a chaos run: ADDs of each node over time, and faults">
<rect width="100%" height="100%" fill="#ffffff"/>
<g font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" fill="#24292e">
<text x="12" y="24" font-size="16" font-weight="bold">${nodes} real nodes under faults: each dot is one ADD, the slower the higher</text>
${legend().join('\n')}
${bars.join('\n')}
${frame.join('\n')}
${dots.join('\n')}
${ticks.join('\n')}
<text x="12" y="${height - 18}" font-size="13">${words}</text>
</g>
</svg>
`
}

function bar(
  { kind, from, to }: Fault,
  x: (ms: number) => number,
  foot: number,
  height: number
): string {
  const wide = Math.max(x(to) - x(from), 2)
  const opacity = kind === 'kill' || kind === 'restart' || kind === 'freeze' ? 0.35 : 0.16
  return `<rect x="${x(from).toFixed(1)}" y="${foot - height}" width="${wide.toFixed(1)}" height="${height}" fill="${colours[kind]}" fill-opacity="${opacity}"/>`
}

function legend(): string[] {
  const kinds = Object.keys(colours) as FaultKind[]
  const entries = kinds.map((kind, i) => {
    const at = 12 + i * 165
    return (
      `<rect x="${at}" y="38" width="14" height="12" fill="${colours[kind]}" fill-opacity="0.4"/>` +
      `<text x="${at + 19}" y="48">${meaning[kind]}</text>`
    )
  })
  const at = 12 + kinds.length * 165
  return [
    ...entries,
    `<circle cx="${at + 6}" cy="44" r="2.8" fill="${refused}"/><text x="${at + 16}" y="48">refused, tried again</text>`
  ]
}
