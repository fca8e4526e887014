// The machine's clocks, as the actors see them.

import { readFileSync } from 'node:fs'
import type { Clock } from '../ports/clock.ts'

/** How long the distance between two clocks is believed: it grows only while the machine sleeps. */
const distanceAgeNsMax = 1_000_000_000n

let distance = { ns: 0n, measuredAt: -distanceAgeNsMax - 1n }

export const systemClock: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  bootNs: () => {
    const now = process.hrtime.bigint()
    if (now - distance.measuredAt > distanceAgeNsMax) {
      distance = { ns: readUptimeNs() - now, measuredAt: now }
    }
    return now + distance.ns
  },
  wallMs: () => Date.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  }
}

/** Node has no call for CLOCK_BOOTTIME; this is its reading in hundredths of a second (proc(5)). */
function readUptimeNs(): bigint {
  const [seconds = '', hundredths = ''] = readFileSync('/proc/uptime', 'utf8').split(/[. ]/)
  return (BigInt(seconds) * 100n + BigInt(hundredths)) * 10_000_000n
}
