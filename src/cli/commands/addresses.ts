// addresses and why: how single addresses stand, and how they came to it.

import type { Command } from 'commander'
import type { AddressesView, AddressView } from '../../admin/addresses.ts'
import type { WhyView } from '../../admin/why.ts'
import { addView, type Options, textOf } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Orb, Surroundings } from '../orb.ts'
import type { View } from '../output.ts'
import { ageText, none } from '../table.ts'

const limitUsual = 500
const limitMax = 100_000
/** What the daemon gives at a time. */
const pageMax = 5_000

const addresses: View<AddressesView> = {
  table: ({ addresses: all }, isWide) => ({
    head: [
      ...['ADDRESS', 'STATE', 'POOL', 'NODE', 'POD', 'SINCE'],
      ...(isWide ? ['COUNT', 'SUBNET', 'HOLDER', 'KEPT FOR'] : [])
    ],
    rows: all.map(one => [
      ...[rangeText(one), one.state, one.pool ?? none, one.node ?? none, one.pod ?? none],
      one.seconds === undefined ? none : ageText(one.seconds),
      ...(isWide ? [String(one.count), one.subnet, one.holder ?? none, one.keptFor ?? none] : [])
    ])
  }),
  below: ({ next }) =>
    next === undefined ? '' : `There are more: go on with --from ${next}, or raise --limit.\n`,
  empty: 'No addresses are like that.',
  names: ({ addresses: all }) => all.map(one => `address/${rangeText(one)}`)
}

function rangeText({ first, last }: AddressView): string {
  return first === last ? first : `${first}-${last}`
}

const why: View<WhyView> = {
  table: ({ history }) => ({
    head: ['TIME', 'FROM', 'WHAT'],
    rows: history.map(({ at, source, what }) => [
      at?.slice(0, 19).concat('Z') ?? none,
      source,
      what
    ])
  }),
  above: view => {
    const pairs: [string, string | undefined][] = [
      ['Address', view.address],
      ['Subnet', view.subnet],
      ['Pool', view.pool],
      [
        'State',
        view.seconds === undefined ? view.state : `${view.state} for ${ageText(view.seconds)}`
      ],
      ['Node', view.node],
      ['Epoch', view.key],
      ['Pod', view.pod],
      ['Holder', view.holder],
      ['Kept for', view.keptFor]
    ]
    const lines = pairs.map(([key, value]) => `${`${key}:`.padEnd(12)}${value ?? none}\n`)
    return `${lines.join('')}\n`
  },
  empty: 'Nothing is known of its history.',
  names: ({ address }) => [`address/${address}`]
}

export function addAddressViews(program: Command, around: Surroundings): void {
  addView(
    program,
    around,
    {
      name: 'addresses',
      summary:
        'How addresses stand: free, used and by which pod, cooling, kept, held by another node',
      more:
        'Those that are alike stand in one row, so a large subnet is a few. Addresses in no pool are ' +
        'left out unless --state names them',
      examples: [
        ['addresses --pool blue', 'all of one pool'],
        ['addresses --pod default/web-0', 'those of a pod, or kept for it'],
        ['addresses --state cooling,quarantined', 'why nothing is free'],
        ['addresses --of n2 --state held', "another node's"]
      ],
      options: [
        { flags: '--pool <name>', what: 'of this pool', completes: 'pool' },
        { flags: '--subnet <cidr>', what: 'of this subnet', completes: 'subnet' },
        { flags: '--pod <pod>', what: 'namespace/name or name of a pod', completes: 'pod' },
        { flags: '--of <node>', what: 'whose custody this node has', completes: 'node' },
        { flags: '--state <states>', what: 'one or more states with commas', completes: 'state' },
        { flags: '--from <address>', what: 'begin here', completes: 'address' },
        { flags: '--limit <n>', what: `rows at most (${limitUsual}; up to ${limitMax})` }
      ]
    },
    (orb, options) => list(orb, options),
    addresses
  )
  addView(
    program,
    around,
    {
      name: 'why',
      summary:
        'The story of one address: who held it, who was granted it, which pod has it and since when',
      examples: [
        ['why 10.9.0.7', 'all that this node knows'],
        ['why 10.9.0.7 --node n2', 'what another node knows']
      ],
      operands: [{ name: 'ADDRESS', what: 'an IP address', completes: 'address' }]
    },
    (orb, _options, [address]) => orb.look('/v1/why', { address }),
    why
  )
}

const everyState = 'free,used,cooling,quarantined,kept,held,contested,retired,reserved,unclaimed'

async function list(orb: Orb, options: Options): Promise<AddressesView> {
  const limit = Number(textOf(options, 'limit') ?? limitUsual)
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
    throw new CommandFailure(exitStatus.misused, `--limit must be a number from 1 to ${limitMax}`)
  }
  const query = {
    ...{ pool: textOf(options, 'pool'), subnet: textOf(options, 'subnet') },
    ...{ pod: textOf(options, 'pod'), node: textOf(options, 'of') },
    state: textOf(options, 'state') ?? everyState
  }
  const found: AddressView[] = []
  let from = textOf(options, 'from')
  while (found.length < limit) {
    const page = String(Math.min(pageMax, limit - found.length))
    const { addresses: some, next } = await orb.look<AddressesView>('/v1/addresses', {
      ...query,
      ...{ from, limit: page }
    })
    found.push(...some)
    from = next
    if (next === undefined) return { addresses: found }
  }
  return { addresses: found, ...(from !== undefined && { next: from }) }
}
