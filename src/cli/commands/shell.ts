// shell: the debug shell, at a prompt or for one line.

import type { Command } from 'commander'
import type { StatusView } from '../../admin/reports.ts'
import { addCommand, textOf } from '../command.ts'
import type { Surroundings } from '../orb.ts'
import { prompt } from '../shell/prompt.ts'
import { Shell } from '../shell/shell.ts'

export function addShell(program: Command, around: Surroundings): void {
  addCommand(
    program,
    around,
    {
      name: 'shell',
      summary: 'A prompt into the live actors of this node',
      more:
        'actors, inspect PATH, trace PATH, tail, leases SUBNET, and ask PATH MESSAGE after unlock REASON; help lists ' +
        'them. It asks this node alone, so it works in a partition as well, and never makes the daemon wait',
      examples: [
        ['shell', 'a prompt; ^D ends it'],
        ['shell -c actors', 'one line, for scripts'],
        ['shell -c "inspect allocator; tail"', 'several of them']
      ],
      options: [
        { flags: '-c, --command <lines>', what: 'run these, with semicolons between them, and end' }
      ]
    },
    async (orb, options) => {
      const shell = new Shell(orb)
      const lines = textOf(options, 'command')
      if (lines === undefined) {
        const { node } = await orb.look<StatusView>('/v1/status')
        return await prompt(shell, node)
      }
      const turn = { signal: new AbortController().signal, isInteractive: false }
      for (const line of lines.split(';')) if (!(await shell.run(line, turn))) return
    }
  )
}
