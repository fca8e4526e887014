// release, transfer, resolve: one address by its name.

import type { Command } from 'commander'
import type { ReleaseView } from '../../admin/release.ts'
import { addCommand, textOf } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Surroundings } from '../orb.ts'

const address = { name: 'ADDRESS', what: 'an IP address', completes: 'address' } as const

export function addAddressOrders(program: Command, around: Surroundings): void {
  addCommand(
    program,
    around,
    {
      name: 'release',
      summary: 'Let an address go whose pod is gone and no DEL came, or that is in quarantine',
      more:
        'Everything that the attachment has goes along. Refused while the network namespace of the pod ' +
        'may be there: a pod that lives would share its address with the next one. With --force and a ' +
        'reason it is done all the same, and the reason stays in the log',
      examples: [
        ['release 10.9.0.7', 'when its pod is certainly gone'],
        ['release 10.9.0.7 --force --reason "node was reinstalled"', 'when only you can know that']
      ],
      operands: [address],
      options: [
        { flags: '--force', what: 'although the pod may live' },
        { flags: '--reason <text>', what: 'why; needed with --force' }
      ]
    },
    async (orb, options, [which = '']) => {
      const reason = textOf(options, 'reason')
      const isForced = options['force'] === true
      if (isForced && (reason === undefined || reason.trim() === '')) {
        throw new CommandFailure(
          exitStatus.misused,
          '--force needs a --reason, which stays in the log'
        )
      }
      const body = { address: which, ...(isForced && { forcedBecause: reason }) }
      const { released, pod, holder, sandbox, keptFor } = await orb.order<ReleaseView>(
        '/v1/release',
        body
      )
      const from = pod === undefined ? holder : `${pod} (${holder ?? ''})`
      orb.terminal.out(
        `released ${released.join(', ')}${from === undefined ? '' : ` from ${from}`}\n`
      )
      if (sandbox !== undefined) orb.terminal.out(`  ${sandbox}\n`)
      if (keptFor !== undefined) orb.terminal.out(`  still kept for ${keptFor}\n`)
    }
  )
  addCommand(
    program,
    around,
    {
      name: 'transfer',
      summary: 'Bring a free address from the node that has it to this one',
      examples: [['transfer 10.9.0.7', 'whoever has it now']],
      operands: [address]
    },
    async (orb, _options, [which = '']) => {
      const body = { address: which }
      const answer = await orb.order<{ address: string; outcome: string }>('/v1/transfer', body)
      const how = answer.outcome === 'here' ? 'was here already' : 'is here now'
      orb.terminal.out(`${answer.address} ${how}\n`)
    }
  )
  addCommand(
    program,
    around,
    {
      name: 'resolve',
      summary: 'Decide which node owns an address that two nodes claim',
      more: 'Look at both nodes first which pod has it: docs/operating.md, "Contested addresses"',
      examples: [['resolve 10.9.0.7 n2', 'for the node whose pod has it']],
      operands: [address, { name: 'NODE', what: 'who is to own it', completes: 'node' }]
    },
    async (orb, _options, [which = '', owner = '']) => {
      const body = { address: which, owner }
      const answer = await orb.order<{ address: string; owner: string; record: number }>(
        '/v1/resolve',
        body
      )
      orb.terminal.out(`${answer.address} belongs to ${answer.owner} by record ${answer.record}\n`)
    }
  )
}
