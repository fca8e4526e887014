// How much nodes say to one another, at rest and while addresses change hands: counted on the real actors and
// the real codec in virtual time, beside what the formulas of docs/performance.md expect.

import { type Figure, figure } from '../figures.ts'
import type { Group } from '../group.ts'
import { aroundMessage, aroundQuestion, lifeBytesPerSecond, rumourBytes } from './framing.ts'
import { inProcess } from './in-process.ts'
import type { Phase, Traffic, TrafficPlan } from './traffic-run.ts'

/** A thousand nodes at rest. */
const idleBytesMax = 1_000

/**
 * Addresses that change hands for each node and second. Normal: a pod every 20 s on each node, and one in ten
 * finds no address at home. Scarce: none does.
 */
const churns = { 'at rest': 0, 'under normal churn': 0.005, 'under scarce churn': 0.05 } as const
type Churn = keyof typeof churns

/** How often two compare notes. */
const compareSeconds = 10

interface Weighed {
  readonly nodes: number
  readonly churn: Churn
  /** Bytes for each node and second, in and out, frames and packets included. */
  readonly byType: ReadonlyMap<string, number>
  readonly total: number
  readonly life: number
  readonly registrar: number
  readonly formula: number
}

export const traffic: Group = async run => {
  const figures: Figure[] = []
  const all: Weighed[] = []
  for (const nodes of run.quick ? [10, 100] : [10, 100, 1_000]) {
    const phases = phasesOf(nodes, run.quick)
    const plan: TrafficPlan = { nodes, phases }
    const found = await inProcess<Traffic[]>('traffic-run', JSON.stringify(plan))
    for (const [i, churn] of (Object.keys(churns) as Churn[]).entries()) {
      const [phase, traffic] = [phases[i], found[i]]
      if (phase === undefined || traffic === undefined) continue
      const weighed = weigh(nodes, churn, phase.seconds, traffic)
      all.push(weighed)
      figures.push(...figuresOf(weighed))
    }
  }
  run.note(tableOf(all))
  return figures
}

/** A thousand nodes take minutes, so they are not watched for long: changes have not come everywhere by then. */
function phasesOf(nodes: number, quick: boolean): Phase[] {
  const [warmSeconds, seconds] = quick ? [15, 30] : nodes > 100 ? [30, 60] : [120, 300]
  return Object.values(churns).map(churn => ({ churn, warmSeconds, seconds }))
}

function weigh(
  nodes: number,
  churn: Churn,
  phaseSeconds: number,
  { said, connections }: Traffic
): Weighed {
  const seconds = phaseSeconds * nodes
  const byType = new Map(
    Object.entries(said).map(([type, { count, bytes }]) => {
      // A rumour costs every node, not only the one that tells it.
      if (type === 'Rumour') {
        return [type, (rumourBytes(bytes / count, nodes - 1) * count) / phaseSeconds]
      }
      const around = type === 'Question' ? aroundQuestion : type === 'Answer' ? 0 : aroundMessage
      return [type, (2 * (bytes + count * around)) / seconds]
    })
  )
  const questions = (byType.get('Question') ?? 0) + (byType.get('Answer') ?? 0)
  return {
    ...{ nodes, churn, byType, formula: expected(nodes, churns[churn]) },
    total: [...byType.values()].reduce((sum, bytes) => sum + bytes, 0),
    life: lifeBytesPerSecond(connections),
    registrar: (questions / 2) * nodes
  }
}

/**
 * In and out, for each node and second: two small exchanges in each period of comparing; when addresses change
 * hands, a summary of 8 bytes for each member as well, each change once and a third, and a rumour for each.
 */
function expected(nodes: number, churn: number): number {
  const idle = (2 * 400) / compareSeconds
  if (churn === 0) return idle
  const changes = churn * nodes
  const comparing = (2 * 8 * nodes) / compareSeconds + 16 * changes * 1.3
  const rumours = nodes > 300 ? 0 : 5 * 220 * changes
  return idle + 2 * (comparing + rumours)
}

function figuresOf({ nodes, churn, total, life, registrar, formula }: Weighed): Figure[] {
  const at = `${churn}, N = ${nodes}`
  const isIdle = churn === 'at rest'
  const bar = isIdle && nodes === 1_000 ? { atMost: idleBytesMax } : undefined
  return [
    figure(`messages of a node ${at}`, total, 'B/s'),
    figure(`messages of a node ${at}, by the formula`, formula, 'B/s'),
    ...(isIdle
      ? [
          figure(`signs of life of a node, N = ${nodes}`, life, 'B/s'),
          figure(`all of a node at rest, N = ${nodes}`, total + life, 'B/s', bar),
          figure(`messages of the registrar at rest, N = ${nodes}`, total + registrar, 'B/s')
        ]
      : [])
  ]
}

/** For people: which message it is. */
function tableOf(all: readonly Weighed[]): string {
  const types = [...new Set(all.flatMap(({ byType }) => [...byType.keys()]))]
  const rows = [
    ['bytes for each node and second, in and out', ...types, 'all', 'formula'],
    ...all.map(({ nodes, churn, byType, total, formula }) => [
      `N = ${nodes} ${churn}`,
      ...types.map(type => (byType.get(type) ?? 0).toFixed(0)),
      total.toFixed(0),
      formula.toFixed(0)
    ])
  ]
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0))) ?? []
  const lines = rows.map(row =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
  )
  return `\n${lines.join('\n')}`
}
