// status, peers, registry: how the node stands, who else is there, and what all have decided together.

import type { Command } from 'commander'
import type { PeersView, RegistryView } from '../../admin/cluster-views.ts'
import type { StatusView } from '../../admin/reports.ts'
import { addView } from '../command.ts'
import type { Surroundings } from '../orb.ts'
import type { View } from '../output.ts'
import { recordRows } from '../records-table.ts'
import { ageText, none, tableText } from '../table.ts'

const status: View<StatusView> = {
  table: ({ node, release, serving, draining, why = '', notServing = [] }) => {
    const state = !serving
      ? 'NotServing'
      : draining === true
        ? 'Draining'
        : notServing.length > 0
          ? 'Degraded'
          : draining === undefined
            ? 'Unknown'
            : 'Serving'
    const reason = draining === undefined && serving ? 'the subnets do not answer' : why
    return { head: ['NODE', 'STATUS', 'RELEASE', 'REASON'], rows: [[node, state, release, reason]] }
  },
  below: ({ notServing = [] }) => {
    if (notServing.length === 0) return ''
    const rows = notServing.map(({ domain, why }) => [domain, why])
    return `\n${tableText({ head: ['SUBNET', 'NOTHING IS HANDED OUT BECAUSE'], rows })}`
  },
  empty: '',
  names: ({ node }) => [`node/${node}`]
}

const peers: View<PeersView> = {
  table: ({ node, index, incarnation, peers: others }, isWide) => {
    const head = ['NODE', 'MEMBER', 'STATUS', 'HEARD', ...(isWide ? ['INCARNATION', 'PEER'] : [])]
    const me = [node, index === undefined ? none : String(index), 'This', '0s']
    const rows = others.map(peer => [
      ...[peer.node, String(peer.index)],
      peer.connected ? (peer.session ? 'Ready' : 'Greeting') : 'Unreachable',
      peer.silentSeconds === undefined ? 'never' : `${ageText(peer.silentSeconds)} ago`,
      ...(isWide ? [peer.incarnation, peer.peer] : [])
    ])
    return { head, rows: [[...me, ...(isWide ? [incarnation, ''] : [])], ...rows] }
  },
  empty: '',
  names: ({ node, peers: others }) =>
    [node, ...others.map(peer => peer.node)].map(one => `node/${one}`)
}

const registry: View<RegistryView> = {
  table: ({ records }) => ({
    head: ['RECORD', 'TIME', 'AUTHOR', 'TYPE', 'WHAT'],
    rows: recordRows(records)
  }),
  below: ({ head, hash, trouble }) =>
    `${head} records, hash ${hash}\n${trouble === undefined ? '' : `TROUBLE: ${trouble}\n`}`,
  empty: 'No records: this node has not joined a cluster yet.',
  names: ({ records }) => records.map(({ index }) => `record/${index}`)
}

export function addNodeViews(program: Command, around: Surroundings): void {
  addView(
    program,
    around,
    {
      name: 'status',
      summary: 'Whether the node serves addresses, and if not why',
      examples: [
        ['status', 'this node'],
        ['status --node n2', 'another node, asked through the mesh'],
        ['status -w', 'until it changes']
      ]
    },
    orb => orb.look('/v1/status'),
    status
  )
  addView(
    program,
    around,
    {
      name: 'peers',
      summary: 'The members of the cluster, and whether they can be reached',
      examples: [
        ['peers', 'who is there, as this node sees it'],
        ['peers -o wide', 'with incarnations and peer ids']
      ]
    },
    orb => orb.look('/v1/peers'),
    peers
  )
  addView(
    program,
    around,
    {
      name: 'registry',
      summary:
        'The records of the cluster: who joined, who was removed by whom, which subnets are shared',
      examples: [['registry', 'all records with head and hash']]
    },
    orb => orb.look('/v1/registry'),
    registry
  )
}
