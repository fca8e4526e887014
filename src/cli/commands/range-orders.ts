// range drain, range keep: what becomes of a part of a subnet, on all nodes.

import type { Command } from 'commander'
import type { RangeView } from '../../admin/range-orders.ts'
import { addCommand, type Options } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Orb, Surroundings } from '../orb.ts'
import { askForLine } from '../ask-for-line.ts'

const operand = { name: 'RANGE', what: 'like 10.9.0.64-10.9.0.127, or one IP address' } as const

const forGood =
  'it is given up for good: what is free goes at once, and only `orb resolve` brings an address back, one by one'

export function addRangeOrders(program: Command, around: Surroundings): void {
  const range = program.command('range').description('What becomes of a part of a subnet.')
  range.summary('Give up a part of a subnet on all nodes, or call that off')
  addCommand(
    range,
    around,
    {
      name: 'drain',
      summary: 'Use nothing of a range anew, on any node',
      more:
        'Free addresses are given up at once, those of pods when the pods end. For a part of a subnet that ' +
        'something else is to use: to have no pods there for a while, leave it out of the pools. Given again, ' +
        'it says how far this has come',
      examples: [
        ['range drain 10.9.0.64-10.9.0.127', 'asks whether it is meant'],
        ['range drain 10.9.0.64-10.9.0.127 --for-good', 'it is']
      ],
      operands: [operand],
      options: [{ flags: '--for-good', what: 'it is meant; asked for at a terminal' }]
    },
    drain
  )
  addCommand(
    range,
    around,
    {
      name: 'keep',
      summary: 'Call that off for what is not given up yet',
      examples: [['range keep 10.9.0.64-10.9.0.127', 'what is gone by now stays so']],
      operands: [operand]
    },
    async (orb, _options, [which = '']) => {
      const { range: kept, gone, record } = await order(orb, '/v1/keep-range', which)
      const lost = Number(gone) === 0 ? '' : `, but for ${gone} addresses that are given up`
      orb.terminal.out(`${kept} is kept by record ${record}${lost}\n`)
    }
  )
}

async function drain(orb: Orb, options: Options, [which = '']: readonly string[]): Promise<void> {
  const { terminal } = orb
  if (options['forGood'] !== true) {
    const isMeant =
      terminal.isInteractive &&
      (await askForLine(`${which}: ${forGood}.\nThe range again, if you mean it: `)) === which
    if (!isMeant) throw new CommandFailure(exitStatus.misused, `say --for-good: ${forGood}`)
  }
  const { range, addresses, gone, record } = await order(orb, '/v1/drain-range', which)
  terminal.out(
    record === undefined
      ? `${range} is being given up; ${gone} of ${addresses} addresses are gone\n`
      : `${range} is being given up by record ${record}: what is free goes within seconds, the rest with its pods\n`
  )
}

function order(orb: Orb, path: string, range: string): Promise<RangeView> {
  return orb.order<RangeView>(path, { range })
}
