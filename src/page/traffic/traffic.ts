// How many ADDs this node answers a second, and how fast, over the last minutes; from its metrics.

import { signal } from '@preact/signals'
import { type Histogram, quantile, readHistogram, since, totalOf } from './histogram.ts'

const metric = 'orbweaver_cni_request_duration_seconds'
const addLabels = ['verb="ADD"', 'phase="whole"']
const pollMs = 2_000
/** Five minutes. */
const pointsMax = 150

export interface Traffic {
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly perSecond: readonly number[]
  /** Milliseconds; null where nobody asked. */
  readonly median: readonly (number | null)[]
  readonly slow: readonly (number | null)[]
}

export const traffic = signal<Traffic>({ times: [], perSecond: [], median: [], slow: [] })
export const total = signal(0)

export function followTraffic(): void {
  let before: Histogram | undefined
  let beforeMs = 0
  const round = async () => {
    const now = document.hidden ? undefined : await read()
    if (now !== undefined) {
      const nowMs = performance.now()
      if (before !== undefined) note(since(now, before), (nowMs - beforeMs) / 1_000)
      total.value = totalOf(now)
      before = now
      beforeMs = nowMs
    }
    setTimeout(() => void round(), pollMs)
  }
  void round()
}

async function read(): Promise<Histogram | undefined> {
  try {
    const answer = await fetch('/metrics')
    return answer.ok ? readHistogram(await answer.text(), metric, addLabels) : undefined
  } catch {
    return undefined
  }
}

function note(news: Histogram, seconds: number): void {
  const { times, perSecond, median, slow } = traffic.peek()
  const inMs = (share: number) => {
    const value = quantile(news, share)
    return value === undefined ? null : value * 1_000
  }
  const next = <T>(values: readonly T[], value: T) => [...values, value].slice(-pointsMax)
  traffic.value = {
    times: next(times, Date.now() / 1_000),
    perSecond: next(perSecond, totalOf(news) / seconds),
    median: next(median, inMs(0.5)),
    slow: next(slow, inMs(0.99))
  }
}
