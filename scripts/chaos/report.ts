// What a run has come to, in figures, and whether that is what was promised.

import { percentile } from '../bench/statistics.ts'
import { linesPerNode } from './load.ts'
import type { AddEvent, History } from './history.ts'

export interface Finale {
  /** Addresses on links when the pool was filled, and how many there should be. */
  readonly filled: number
  readonly size: number
  /** What daemons still had in use after every pod had ended. */
  readonly leaks: number
  readonly contests: number
}

export interface Report {
  readonly adds: number
  readonly refusedByCode: Readonly<Record<string, number>>
  readonly doubles: readonly string[]
  readonly contradictions: readonly string[]
  /** ADDs that a running node with free addresses did not answer in time. */
  readonly unanswered: readonly AddEvent[]
  readonly calm: Latency
  readonly cut: Latency
  readonly finale: Finale
  readonly looks: number
}

export interface Latency {
  readonly count: number
  readonly p50: number
  readonly p99: number
}

/** A node that has free addresses answers long before this. */
const inTimeMs = 3_000

export function reportOf(history: History, finale: Finale): Report {
  const refused: Record<string, number> = {}
  for (const { code } of history.adds) {
    if (code !== undefined) refused[code] = (refused[code] ?? 0) + 1
  }
  const ran = history.adds.filter(({ node, from, to }) => history.ranThroughout(node, from, to))
  // With less than that, others of its pods may have taken what was free.
  const own = ran.filter(({ node, from, to }) => history.hadFree(node, from, to, linesPerNode))
  const isSlow = ({ from, to, address }: AddEvent) => address === undefined || to - from > inTimeMs
  const quiet = own.filter(
    ({ from, to, address }) => address !== undefined && history.wasQuiet(from, to)
  )
  return {
    adds: history.adds.length,
    refusedByCode: refused,
    doubles: history.doubles,
    contradictions: history.contradictions(),
    unanswered: own.filter(isSlow),
    calm: latencyOf(quiet.filter(({ from }) => !history.wasCut(from))),
    cut: latencyOf(quiet.filter(({ from }) => history.wasCut(from))),
    finale,
    looks: history.looks
  }
}

function latencyOf(adds: readonly AddEvent[]): Latency {
  const times = adds.map(({ from, to }) => to - from)
  if (times.length === 0) return { count: 0, p50: 0, p99: 0 }
  return { count: times.length, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

export function shown(report: Report, history: History): string {
  const { calm, cut, finale } = report
  const kinds = Map.groupBy(history.faults, ({ kind }) => kind)
  const faults = [...kinds].map(([kind, all]) => `${all.length} ${kind}`).join(', ')
  const refused = Object.entries(report.refusedByCode).map(([code, n]) => `${n} with ${code}`)
  const ms = (value: number) => value.toFixed(1)
  return [
    `faults: ${faults}`,
    `ADDs: ${report.adds}, refused: ${refused.join(', ') || 'none'}`,
    `doubles: ${report.doubles.length} in ${report.looks} looks into all sandboxes`,
    `contradictions in the history: ${report.contradictions.length}`,
    `running nodes with free addresses that did not answer within three seconds: ${report.unanswered.length}`,
    `ADD without a cut: p50 ${ms(calm.p50)} ms, p99 ${ms(calm.p99)} ms (${calm.count})`,
    `ADD while nodes were cut off: p50 ${ms(cut.p50)} ms, p99 ${ms(cut.p99)} ms (${cut.count}); p50 ratio ${(cut.p50 / calm.p50).toFixed(2)}, p99 ratio ${(cut.p99 / calm.p99).toFixed(2)}`,
    `then: pool filled to ${finale.filled} of ${finale.size}, emptied; left over: ${finale.leaks}; contested: ${finale.contests}`
  ].join('\n')
}

export function isGood({ doubles, contradictions, unanswered, finale }: Report): boolean {
  return (
    doubles.length === 0 &&
    contradictions.length === 0 &&
    unanswered.length === 0 &&
    finale.filled === finale.size &&
    finale.leaks === 0 &&
    finale.contests === 0
  )
}
