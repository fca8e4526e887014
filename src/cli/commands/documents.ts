// apply and delete: pool documents by hand.

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { AppliedView } from '../../admin/pool-orders.ts'
import { messageOf } from '../../core/error-text.ts'
import { addCommand, type Options, textOf } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Orb, Surroundings } from '../orb.ts'

const documentBytesMax = 1_048_576

export function addDocumentOrders(program: Command, around: Surroundings): void {
  addCommand(
    program,
    around,
    {
      name: 'apply',
      summary: 'Write pool documents into the first pool directory of this node',
      more:
        'Judged as files are, refused when a pod of this node would have an address of no pool, and when ' +
        'another file has the document. Only this node reads what is written: bring it to the others as well',
      examples: [
        ['apply -f blue.yaml', 'one file'],
        ['apply -f - < blue.yaml', 'from a pipe'],
        ['apply -f blue.yaml --dry-run', 'what would change, and whether it may']
      ],
      options: [
        {
          flags: '-f, --filename <file>',
          what: 'YAML or JSON documents; - for stdin',
          completes: 'file'
        },
        { flags: '--dry-run', what: 'judge and change nothing' }
      ]
    },
    async (orb, options) => {
      const file = textOf(options, 'filename')
      if (file === undefined) throw new CommandFailure(exitStatus.misused, 'say which file with -f')
      const dryRun = options['dryRun'] === true
      const documents = contentOf(file)
      tell(orb, options, await orb.order<AppliedView>('/v1/apply', { documents, dryRun }))
    }
  )
  addCommand(
    program,
    around,
    {
      name: 'delete',
      summary: 'Remove a pool document that was applied',
      examples: [
        ['delete pool blue', 'a SpiderIPPool'],
        ['delete subnet prod', 'a SpiderSubnet'],
        ['delete reserved printers', 'a SpiderReservedIP']
      ],
      operands: [
        { name: 'KIND', what: 'pool, subnet or reserved, or the whole kind' },
        { name: 'NAME', what: 'metadata.name', completes: 'pool' }
      ],
      options: [{ flags: '--dry-run', what: 'judge and change nothing' }]
    },
    async (orb, options, [short = '', name = '']) => {
      const kind = kinds[short.toLowerCase()] ?? short
      const dryRun = options['dryRun'] === true
      tell(orb, options, await orb.order<AppliedView>('/v1/delete', { kind, name, dryRun }))
    }
  )
}

const kinds: Readonly<Record<string, string>> = {
  pool: 'SpiderIPPool',
  ippool: 'SpiderIPPool',
  subnet: 'SpiderSubnet',
  reserved: 'SpiderReservedIP',
  reservedip: 'SpiderReservedIP'
}

function contentOf(file: string): string {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new CommandFailure(exitStatus.refused, `${file} cannot be read: ${messageOf(error)}`)
  }
  if (text.length <= documentBytesMax) return text
  throw new CommandFailure(exitStatus.refused, `${file} has more than ${documentBytesMax} bytes`)
}

/** As kubectl says it, and what is different now. */
function tell(
  { terminal }: Orb,
  options: Options,
  { changes, dryRun, directory }: AppliedView
): void {
  for (const { kind, name, change, fields } of changes) {
    terminal.out(`${kind.toLowerCase()}/${name} ${change}${dryRun ? ' (dry run)' : ''}\n`)
    for (const field of fields) terminal.out(`  ${field}\n`)
  }
  if (dryRun || changes.every(({ change }) => change === 'unchanged')) return
  terminal.err(`Written to ${directory} of this node alone; the others have files of their own.\n`)
}
