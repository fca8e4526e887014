// node drain, undrain, remove: what becomes of a whole node.

import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { DomainView } from '../../admin/custody-view.ts'
import type { DrainView } from '../../admin/drain.ts'
import type { PeersView } from '../../admin/cluster-views.ts'
import type { StatusView } from '../../admin/reports.ts'
import { vouchingNeeded } from '../../admin/vouching.ts'
import { addCommand, type Options, textOf } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Orb, Surroundings } from '../orb.ts'
import { ageText } from '../table.ts'
import { askForLine } from '../ask-for-line.ts'

const everyMs = 500

interface Removed {
  readonly removed: { readonly node: string; readonly incarnation: string }
  readonly heir: string
  readonly record: number
}

export function addNodeOrders(program: Command, around: Surroundings): void {
  const node = program.command('node').description('What becomes of a whole node.')
  node.summary('Drain a node, end that, or remove one that is off for good')
  const own = {
    name: 'NODE',
    what: 'this node, to be sure',
    optional: true,
    completes: 'node'
  } as const
  addCommand(
    node,
    around,
    {
      name: 'drain',
      summary: 'Hand out nothing more and give all free addresses of this node to others',
      more:
        'Shows what is left until nothing is: an address that a pod has leaves when the pod has ended. ' +
        'A drain goes on when this command is ended, and survives restarts; `node undrain` ends it',
      examples: [
        ['node drain', 'this node, and wait'],
        ['node drain --timeout 10m', 'exit status 5 when something is left by then'],
        ['node drain --no-wait', 'only begin, and say what is left']
      ],
      operands: [own],
      options: [
        { flags: '--no-wait', what: 'do not wait until nothing is left' },
        { flags: '--timeout <time>', what: 'wait so long at most: 90s, 10m, 2h' }
      ]
    },
    drain
  )
  addCommand(
    node,
    around,
    {
      name: 'undrain',
      summary: 'Hand out addresses again',
      examples: [['node undrain', 'this node']],
      operands: [own]
    },
    async (orb, _options, [name]) => {
      await requireHere(orb, name)
      await orb.order('/v1/undrain')
      orb.terminal.out('this node is not being drained any more\n')
    }
  )
  addCommand(
    node,
    around,
    {
      name: 'remove',
      summary: 'Give the addresses of a machine that is off for good to another node',
      more:
        'Refused while the machine answers. Who vouches says that it is without power: silent, unreachable or ' +
        'gone from Kubernetes is not enough, and nothing here can know the difference',
      examples: [
        ['node remove n3 --vouched-by alice', 'this node takes over'],
        ['node remove n3 --vouched-by alice --heir n2', 'another one does']
      ],
      operands: [{ name: 'NODE', what: 'its name, or its incarnation', completes: 'node' }],
      options: [
        {
          flags: '--vouched-by <name>',
          what: 'who knows that the machine is off; asked for at a terminal'
        },
        { flags: '--heir <node>', what: 'who takes over, instead of this node', completes: 'node' }
      ]
    },
    remove
  )
}

async function drain(orb: Orb, options: Options, [name]: readonly string[]): Promise<void> {
  const { terminal } = orb
  const timeoutMs = durationOf(textOf(options, 'timeout'))
  const deadline = Date.now() + timeoutMs
  await requireHere(orb, name)
  const { reachable, left } = await orb.order<DrainView>('/v1/drain')
  terminal.out('this node is being drained until `orb node undrain`\n')
  if (reachable === 0) {
    terminal.out('no other node can be reached: what is here stays until one can\n')
  }
  let shown: string | undefined
  let now = linesOf(left)
  for (;;) {
    if (now !== shown) terminal.out(now === '' ? 'nothing is left here\n' : now)
    if (now === '' || options['wait'] === false) return
    if (Date.now() > deadline) throw new CommandFailure(exitStatus.late, 'something is left here')
    shown = now
    await pause(everyMs)
    now = linesOf(await leftOf(orb))
  }
}

/** From what everybody may see, so that looking on is no order. */
async function leftOf(orb: Orb): Promise<DrainView['left']> {
  const { domains } = await orb.look<{ domains: readonly DomainView[] }>('/v1/blocks')
  return domains.flatMap(({ domain, blocks }) => {
    const mine = blocks.filter(block => block.mine)
    const owned = mine.reduce((sum, { count }) => sum + BigInt(count), 0n)
    return owned === 0n ? [] : [{ domain, owned: owned.toString() }]
  })
}

function linesOf(left: DrainView['left']): string {
  return left.map(({ domain, owned }) => `${domain}: ${owned} addresses are left\n`).join('')
}

async function remove(orb: Orb, options: Options, [name = '']: readonly string[]): Promise<void> {
  const { terminal } = orb
  let vouchedBy = textOf(options, 'vouchedBy')
  const heir = textOf(options, 'heir')
  if (vouchedBy === undefined) {
    if (!terminal.isInteractive) throw new CommandFailure(exitStatus.misused, vouchingNeeded)
    terminal.err(await whatIsKnown(orb, name))
    const question = `${vouchingNeeded}\nWho vouches that the machine of ${name} is off? `
    vouchedBy = await askForLine(question)
    if (vouchedBy === '') throw new CommandFailure(exitStatus.misused, vouchingNeeded)
  }
  const body = { node: name, vouchedBy, ...(heir !== undefined && { heir }) }
  const { removed, heir: taker, record } = await orb.order<Removed>('/v1/remove', body)
  terminal.out(
    `removed ${removed.node} (${removed.incarnation}) by record ${record}; ${taker} takes over its addresses ` +
      'when every other member has answered (`orb blocks` there shows whom it waits for)\n'
  )
}

/** And what is not: nobody here can see whether a machine has power. */
async function whatIsKnown(orb: Orb, name: string): Promise<string> {
  const { peers } = await orb.look<PeersView>('/v1/peers')
  const { domains } = await orb.look<{ domains: readonly DomainView[] }>('/v1/blocks')
  const peer = peers.find(({ node, incarnation }) => node === name || incarnation === name)
  if (peer === undefined) return ''
  const owned = domains
    .flatMap(({ blocks }) => blocks)
    .filter(({ owner }) => owner === peer.node)
    .reduce((sum, { count }) => sum + BigInt(count), 0n)
  const heard =
    peer.silentSeconds === undefined
      ? 'was never heard'
      : `was heard ${ageText(peer.silentSeconds)} ago`
  return (
    `${peer.node} ${peer.connected ? 'is connected' : 'is not connected'}, ${heard}, and has ${owned} addresses.\n` +
    'Not known here: whether its machine has power, whether pods still run there and use these addresses, and ' +
    'what it has given to others since it was heard.\n'
  )
}

/** A drain of the wrong node would be a pity. */
async function requireHere(orb: Orb, name: string | undefined): Promise<void> {
  if (name === undefined) return
  const { node } = await orb.look<StatusView>('/v1/status')
  if (node === name) return
  const what = `this is ${node}, not ${name}; nodes are drained where they are: run this on ${name}`
  throw new CommandFailure(exitStatus.misused, what)
}

function durationOf(text: string | undefined): number {
  if (text === undefined) return Infinity
  const [, number = '', unit = 's'] = /^(\d{1,6})(s|m|h)?$/.exec(text) ?? []
  if (number !== '') return Number(number) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's']
  throw new CommandFailure(exitStatus.misused, `--timeout: "${text}" must be like 90s, 10m or 2h`)
}
