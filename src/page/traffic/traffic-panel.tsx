// ADDs a second and how long they take, one chart above the other on the same time.

import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { colourText, coloursChanged } from '../theme.ts'
import { total, traffic } from './traffic.ts'

const height = 96
const windowSeconds = 300

export function TrafficPanel() {
  const { perSecond, median, slow } = traffic.value
  return (
    <section class="panel traffic" aria-labelledby="traffic-title" id="traffic">
      <header>
        <h2 id="traffic-title">ADD</h2>
        <span class="quiet">{total.value} answered since the start</span>
      </header>
      <h3>
        Per second <b>{(perSecond.at(-1) ?? 0).toFixed(1)}</b>
      </h3>
      <Chart lines={['perSecond']} title="ADDs answered per second over five minutes" />
      <h3>
        Milliseconds, median <b>{msWords(median.at(-1))}</b> and slowest hundredth{' '}
        <b>{msWords(slow.at(-1))}</b>
      </h3>
      <Chart
        lines={['median', 'slow']}
        title="How long an ADD takes in milliseconds over five minutes: the median, and the slowest hundredth"
      />
    </section>
  )
}

function msWords(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '–' : ms.toFixed(ms < 10 ? 2 : 0)
}

type Line = 'perSecond' | 'median' | 'slow'

function Chart({ lines, title }: { readonly lines: readonly Line[]; readonly title: string }) {
  const frame = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      plot.current?.setSize({ width: frame.current?.clientWidth ?? 300, height })
    })
    if (frame.current !== null) observer.observe(frame.current)
    return () => {
      observer.disconnect()
      plot.current?.destroy()
    }
  }, [])
  useSignalEffect(() => {
    void coloursChanged.value
    plot.current?.destroy()
    plot.current = undefined
    if (frame.current === null) return
    plot.current = new uPlot(
      optionsOf(lines, frame.current.clientWidth),
      dataOf(lines, traffic.peek()),
      frame.current
    )
  })
  useSignalEffect(() => {
    const now = traffic.value
    plot.current?.setData(dataOf(lines, now))
  })
  return <div class="chart" ref={frame} role="img" aria-label={title} />
}

function dataOf(lines: readonly Line[], now: (typeof traffic)['value']): uPlot.AlignedData {
  return [[...now.times], ...lines.map(line => [...now[line]])]
}

function optionsOf(lines: readonly Line[], width: number): uPlot.Options {
  const axis = {
    stroke: colourText('quiet'),
    font: `10px ${colourText('font')}`,
    ticks: { show: false },
    grid: { stroke: colourText('line'), width: 1 }
  }
  return {
    ...{ width, height, legend: { show: false }, cursor: { y: false, points: { size: 5 } } },
    padding: [6, 4, 0, 0],
    scales: {
      x: { range: (_plot, _min, max) => [max - windowSeconds, max] },
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.15, 1)] }
    },
    axes: [
      { ...axis, size: 18, space: 60, values: (_plot, times) => times.map(timeWords) },
      { ...axis, size: 34, space: 24 }
    ],
    series: [
      {},
      ...lines.map((_line, i) => ({
        stroke: colourText(i === 0 ? 'accent' : 'quiet'),
        width: 1.5,
        ...(i === 0 && lines.length === 1 && { fill: colourText('accent-tint') }),
        ...(i > 0 && { dash: [4, 3] }),
        points: { show: false }
      }))
    ]
  }
}

function timeWords(seconds: number): string {
  return new Date(seconds * 1_000).toTimeString().slice(0, 5)
}
