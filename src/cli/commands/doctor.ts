// doctor: looks at the machine and the node, and says of each finding what to do.

import type { Command } from 'commander'
import type { RegistryView } from '../../admin/cluster-views.ts'
import { messageOf } from '../../core/error-text.ts'
import { addCommand, type Options, textOf } from '../command.ts'
import { cniFindings } from '../doctor/cni-checks.ts'
import { type Finding, ok, wrong } from '../doctor/finding.ts'
import {
  clockFindings,
  diskFindings,
  kernelFindings,
  keyFindings,
  socketFindings
} from '../doctor/machine-checks.ts'
import { latestRecord, nodeFindings } from '../doctor/node-checks.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Orb, Surroundings } from '../orb.ts'
import { tableText } from '../table.ts'

export function addDoctor(program: Command, around: Surroundings): void {
  addCommand(
    program,
    around,
    {
      name: 'doctor',
      summary: 'Look for what is wrong with this node, and say what to do',
      more:
        'Looks at sockets, disk, clock, cluster key, CNI files, kernel modules, pools, peers, registry and actors; ' +
        'also when no daemon runs. Changes nothing. The exit status is 4 when there is a problem',
      examples: [
        ['doctor', 'this node'],
        ['doctor -o json', 'for programs'],
        ['doctor --conf-dir /etc/cni/multus/net.d', 'where the network configuration is elsewhere']
      ],
      options: [
        { flags: '--bin-dir <dir>', what: 'where the runtime looks for plugins (/opt/cni/bin)' },
        { flags: '--conf-dir <dir>', what: 'where it looks for networks (/etc/cni/net.d)' },
        { flags: '-o, --output <format>', what: 'json instead of a table' }
      ]
    },
    async (orb, options) => {
      const findings = await findingsOf(orb, options)
      orb.terminal.out(
        options['output'] === 'json'
          ? `${JSON.stringify({ findings }, undefined, 2)}\n`
          : findingsText(findings)
      )
      if (findings.some(({ state }) => state === 'problem')) {
        throw new CommandFailure(exitStatus.ailing, '')
      }
    }
  )
}

export async function findingsOf(orb: Orb, options: Options): Promise<Finding[]> {
  const { surroundings } = orb
  const findings: Finding[] = []
  let latest: number | undefined
  try {
    const places = await surroundings.placesOf(orb.options)
    const adminSocket = await orb.socket()
    findings.push(ok('configuration', places.configFile ?? 'no file: built-in defaults'))
    findings.push(...(await socketFindings({ ...places, adminSocket })))
    findings.push(...diskFindings(places), ...keyFindings(places))
  } catch (error) {
    const todo = 'orbweaverd check-config names each key and what it may be'
    findings.push(wrong('configuration', 'problem', messageOf(error), todo))
  }
  findings.push(
    ...cniFindings(
      textOf(options, 'binDir') ?? '/opt/cni/bin',
      textOf(options, 'confDir') ?? '/etc/cni/net.d'
    )
  )
  findings.push(...kernelFindings())
  try {
    findings.push(...(await nodeFindings(orb)))
    latest = latestRecord(await orb.look<RegistryView>('/v1/registry'))
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    const todo = 'see to the sockets first; the log of the daemon says more'
    findings.push(wrong('daemon', 'problem', error.message, todo))
  }
  findings.push(...clockFindings(Date.now(), latest))
  return findings
}

function findingsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ check, state, what }) => [check, state.toUpperCase(), what])
  const todo = findings.flatMap(({ check, todo: what }) =>
    what === undefined ? [] : [`  ${check}: ${what}\n`]
  )
  const table = tableText({ head: ['CHECK', 'STATUS', 'FINDING'], rows })
  return todo.length === 0 ? table : `${table}\nWhat to do:\n${todo.join('')}`
}
