// pools, subnets, blocks: what there is, how full it is, and whose it is.

import type { Command } from 'commander'
import type { BlockView, DomainView } from '../../admin/custody-view.ts'
import type { SubnetView } from '../../admin/subnets.ts'
import type { PoolsView, PoolView } from '../../admin/views.ts'
import { addView, textOf } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Surroundings } from '../orb.ts'
import type { View } from '../output.ts'
import { none, tableText } from '../table.ts'

const pools: View<PoolsView> = {
  table: ({ pools: all }, isWide) => ({
    head: [
      ...['NAME', 'SUBNET', 'TOTAL', 'USED', 'COOLING', 'FREE', 'DEFAULT', 'STATUS'],
      ...(isWide ? ['GATEWAY', 'AFFINITY', 'RANGES'] : [])
    ],
    rows: all.map(pool => [
      ...[pool.name, pool.subnet, String(pool.total), String(pool.used), String(pool.cooling)],
      ...[String(pool.free), pool.default ? 'yes' : 'no', poolState(pool)],
      ...(isWide
        ? [pool.gateway ?? none, pool.affinity?.join(',') ?? none, pool.ranges.join(',')]
        : [])
    ])
  }),
  below: ({ problems }) =>
    problems.length === 0
      ? ''
      : `\n${tableText({
          head: ['DOCUMENT', 'NAME', 'NOT IN FORCE BECAUSE'],
          rows: problems.map(({ source, name, problem }) => [source, name ?? none, problem])
        })}`,
  empty: 'No pools: apply some, or put them into the pool directory.',
  names: ({ pools: all }) => all.map(({ name }) => `pool/${name}`)
}

function poolState({ draining, disabled }: PoolView): string {
  return draining === true ? 'Draining' : disabled ? 'Disabled' : 'Active'
}

const subnets: View<{ readonly subnets: readonly SubnetView[] }> = {
  table: ({ subnets: all }, isWide) => ({
    head: [
      ...['SUBNET', 'POOLS', 'TOTAL', 'USED', 'COOLING', 'FREE', 'STATUS'],
      ...(isWide ? ['BLOCKS', 'NODES'] : [])
    ],
    rows: all.map(one => [
      ...[one.subnet, one.pools.join(',') || none, String(one.total), String(one.used)],
      ...[
        String(one.cooling),
        String(one.free),
        one.serving ? 'Serving' : `NotServing: ${one.why ?? ''}`
      ],
      ...(isWide
        ? [String(one.blocks), one.owners.map(({ node, count }) => `${node}:${count}`).join(',')]
        : [])
    ])
  }),
  empty: 'No subnets are known on this node.',
  names: ({ subnets: all }) => all.map(({ subnet }) => `subnet/${subnet}`)
}

interface Blocks {
  readonly domains: readonly DomainView[]
}

const blocks: View<Blocks> = {
  table: ({ domains }, isWide) => ({
    head: [
      'SUBNET',
      'FIRST',
      'LAST',
      'COUNT',
      'EPOCH',
      'OWNER',
      ...(isWide ? ['HEIR'] : []),
      'NOTE'
    ],
    rows: domains.flatMap(({ domain, blocks: all }) =>
      all.map(block => [
        ...[domain, block.first, block.last, String(block.count), block.key, block.owner],
        ...(isWide ? [block.heir ?? none] : []),
        noteOf(block)
      ])
    )
  }),
  below: ({ domains }) => {
    const lines = domains.flatMap(troubles)
    return lines.length === 0 ? '' : `\n${tableText({ head: ['SUBNET', 'NOTE'], rows: lines })}`
  },
  empty: 'No subnet is under custody on this node.',
  names: ({ domains }) =>
    domains.flatMap(({ blocks: all }) => all.map(({ first, last }) => `block/${first}-${last}`))
}

function noteOf({ mine, heir, keptFor }: BlockView): string {
  const notes = [
    ...(mine ? ['mine'] : []),
    ...(heir === undefined ? [] : [`removed, for ${heir}`]),
    ...(keptFor === undefined ? [] : [`kept for ${keptFor}`])
  ]
  return notes.join('; ')
}

function troubles({ domain, why, waitsFor, openGrants, contested }: DomainView): string[][] {
  return [
    ...(why === undefined ? [] : [`nothing is handed out here: ${why}`]),
    ...(waitsFor.length === 0 ? [] : [`waits for ${waitsFor.join(', ')}`]),
    ...(openGrants === 0 ? [] : [`${openGrants} grants are not acknowledged yet`]),
    ...contested.map(({ address, claims }) => `CONTESTED ${address}: ${claims.join(' | ')}`)
  ].map(note => [domain, note])
}

export function addSpaceViews(program: Command, around: Surroundings): void {
  addView(
    program,
    around,
    {
      name: 'pools',
      summary:
        'The pools in force, how full they are on this node, and what is wrong with documents',
      examples: [
        ['pools', 'all pools'],
        ['pools -o name', 'their names, for a loop of the shell'],
        ['pools -o wide', 'with gateways, affinities and ranges']
      ]
    },
    orb => orb.look('/v1/pools'),
    pools
  )
  addView(
    program,
    around,
    {
      name: 'subnets',
      summary: 'The subnets, how full they are on this node, and who has how much of them',
      examples: [['subnets -o wide', 'with how many addresses each node has']]
    },
    orb => orb.look('/v1/subnets'),
    subnets
  )
  addView(
    program,
    around,
    {
      name: 'blocks',
      summary: 'Which addresses belong to which node, with the epoch of each block',
      more:
        'An epoch is fence and sequence: the registry record that gave the addresses out, and how often ' +
        'they have passed on since. Contested addresses and nodes that are waited for stand below',
      examples: [
        ['blocks', 'all subnets'],
        ['blocks 10.9.0.0/24', 'one of them'],
        ['blocks --node n2', 'as another node knows it']
      ],
      operands: [
        {
          name: 'SUBNET',
          what: 'in CIDR notation; all when absent',
          optional: true,
          completes: 'subnet'
        }
      ],
      options: [{ flags: '--of <node>', what: 'only what this node owns', completes: 'node' }]
    },
    async (orb, options, [subnet]) => {
      const { domains } = await orb.look<Blocks>('/v1/blocks')
      const chosen = domains.filter(({ domain }) => subnet === undefined || domain === subnet)
      if (subnet !== undefined && chosen.length === 0) {
        throw new CommandFailure(exitStatus.refused, `there is no subnet ${subnet} on this node`)
      }
      const of = textOf(options, 'of')
      const isWanted = ({ owner }: BlockView) => of === undefined || owner === of
      return { domains: chosen.map(one => ({ ...one, blocks: one.blocks.filter(isWanted) })) }
    },
    blocks
  )
}
