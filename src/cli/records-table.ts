// The registry's records as a person reads them: members by the names of their nodes.

import type { WireRange } from '../core/protocol.ts'
import type { RegistryView } from '../admin/cluster-views.ts'

type Shown = RegistryView['records'][number]

export function recordRows(records: readonly Shown[]): string[][] {
  const names = namesIn(records)
  return records.map(record => [
    String(record.index),
    timeOf(record['atMs']),
    text(record['author']),
    text(record['type']),
    whatOf(record, incarnation => names.get(text(incarnation)) ?? text(incarnation))
  ])
}

function namesIn(records: readonly Shown[]): Map<string, string> {
  const joining = records.flatMap(({ members }) => (Array.isArray(members) ? members : []))
  return new Map(
    joining.map((member: Record<string, unknown>) => [
      text(member['incarnation']),
      text(member['node'])
    ])
  )
}

function whatOf(record: Shown, named: (incarnation: unknown) => string): string {
  const of = (key: string) => text(record[key])
  switch (record['type']) {
    case 'Genesis':
      return `cluster ${of('cluster')}`
    case 'Join':
      return [...namesIn([record])]
        .map(([incarnation, node]) => `${node} (${incarnation})`)
        .join(', ')
    case 'Remove': {
      const who = `${named(record['incarnation'])} (${of('incarnation')})`
      return `${who}, heir ${named(record['heir'])}; ${of('assertion')}: ${of('evidence')}`
    }
    case 'RangeAdd': {
      const holders = Array.isArray(record['holders']) ? record['holders'].map(named) : []
      return `${of('domain')}: ${of('first')}-${of('last')} to ${holders.join(', ')}`
    }
    case 'RangeDrain':
    case 'RangeKeep':
      return `${of('domain')}: ${of('first')}-${of('last')}`
    case 'Resolve':
      return `${of('domain')}: ${of('address')} to ${named(record['owner'])}`
    case 'Talk': {
      const { min, max } = record['wire'] as WireRange
      return `${named(record['incarnation'])}: versions ${min} to ${max}`
    }
    case 'MinWire':
      return `version ${of('version')}`
    default:
      return JSON.stringify(record)
  }
}

/** In UTC; the clocks of nodes may differ. */
function timeOf(atMs: unknown): string {
  const time = new Date(typeof atMs === 'number' ? atMs : Number.NaN)
  return Number.isNaN(time.getTime()) ? '' : `${time.toISOString().slice(0, 19)}Z`
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
}
