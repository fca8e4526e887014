// The debug shell: commands into the live actor system of one node. Everything is asked in pieces of limited size, so
// the daemon never waits for it, and nothing of it needs another node.

import type { DomainView } from '../../admin/custody-view.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Orb } from '../orb.ts'
import { none, tableText } from '../table.ts'
import { actorRows, actorHead, inspectText } from './actor-views.ts'
import type { ActorsView, ActorView } from '../../admin/actors.ts'
import { tail, trace } from './streams.ts'

/** One line's life: where it ends early, and whether a person looks on. */
export interface Turn {
  readonly signal: AbortSignal
  readonly isInteractive: boolean
}

interface ShellCommand {
  readonly usage: string
  readonly what: string
  /** What its first operand may be. */
  readonly completes?: 'actor' | 'subnet'
  readonly run: (shell: Shell, operands: readonly string[], turn: Turn) => Promise<void>
}

export class Shell {
  readonly orb: Orb
  /** Why messages may be sent; undefined: they may not. */
  unlockedBecause: string | undefined

  constructor(orb: Orb) {
    this.orb = orb
  }

  /** Run one line. False at the end. Throws CommandFailure. */
  async run(line: string, turn: Turn): Promise<boolean> {
    const [name = '', ...operands] = line.trim().split(/\s+/)
    if (name === '') return true
    if (name === 'exit' || name === 'quit') return false
    const command = Object.hasOwn(shellCommands, name) ? shellCommands[name] : undefined
    if (command === undefined) {
      throw new CommandFailure(
        exitStatus.misused,
        `there is no ${name} here; help shows what there is`
      )
    }
    await command.run(this, operands, turn)
    return true
  }

  out(text: string): void {
    this.orb.terminal.out(text)
  }
}

export const shellCommands: Readonly<Record<string, ShellCommand>> = {
  actors: {
    usage: 'actors',
    what: 'the actors as a tree: mailbox, messages handled, time spent, last message, last error',
    run: async shell => {
      const view = await shell.orb.look<ActorsView>('/v1/actors')
      shell.out(tableText({ head: actorHead, rows: actorRows(view) }))
    }
  },
  inspect: {
    usage: 'inspect PATH',
    what: "an actor's state, cut to what can be read",
    completes: 'actor',
    run: async (shell, [path]) => {
      const query = { path: needed(path, 'inspect PATH') }
      const view = await shell.orb.look<ActorView & { state: unknown }>('/v1/inspect', query)
      shell.out(await inspectText(view))
    }
  },
  trace: {
    usage: 'trace PATH [SECONDS]',
    what: 'its messages as they pass; ends with ^C, or after SECONDS (5 in a script)',
    completes: 'actor',
    run: (shell, [path, seconds], turn) =>
      trace(shell, needed(path, 'trace PATH [SECONDS]'), secondsOf(seconds), turn)
  },
  tail: {
    usage: 'tail [SECONDS]',
    what: 'the last events and those to come; ends with ^C, or after SECONDS (0 in a script)',
    run: (shell, [seconds], turn) => tail(shell, secondsOf(seconds), turn)
  },
  leases: {
    usage: 'leases SUBNET',
    what: 'the blocks of a subnet with their epochs and owners',
    completes: 'subnet',
    run: async (shell, [subnet]) => {
      const wanted = needed(subnet, 'leases SUBNET')
      const { domains } = await shell.orb.look<{ domains: readonly DomainView[] }>('/v1/blocks')
      const found = domains.find(({ domain }) => domain === wanted)
      if (found === undefined) {
        const known = domains.map(({ domain }) => domain).join(', ') || 'none at all'
        throw new CommandFailure(
          exitStatus.refused,
          `${wanted} is no subnet here; there is ${known}`
        )
      }
      const rows = found.blocks.map(block => [
        ...[block.first, block.last, String(block.count), block.key],
        ...[block.mine ? `${block.owner} (mine)` : block.owner, block.keptFor ?? none]
      ])
      shell.out(tableText({ head: ['FIRST', 'LAST', 'COUNT', 'EPOCH', 'OWNER', 'KEPT FOR'], rows }))
      shell.out(`serving: ${found.serving ? 'yes' : `no, ${found.why ?? ''}`}\n`)
      shell.out(`grants that are not acknowledged: ${found.openGrants}\n`)
    }
  },
  ask: {
    usage: 'ask PATH MESSAGE',
    what: 'send one message to an actor; only after unlock',
    completes: 'actor',
    run: async (shell, [path, message]) => {
      const reason = shell.unlockedBecause
      if (reason === undefined) {
        const how =
          'this goes past all that guards an actor: unlock REASON first, which stays in the log'
        throw new CommandFailure(exitStatus.refused, how)
      }
      const usage = 'ask PATH MESSAGE'
      const body = { path: needed(path, usage), message: needed(message, usage), reason }
      const { answer } = await shell.orb.order<{ answer?: unknown }>('/v1/tell', body)
      if (answer === undefined) return shell.out('told\n')
      const { stringify } = await import('yaml')
      shell.out(stringify(answer))
    }
  },
  unlock: {
    usage: 'unlock REASON',
    what: 'let this shell send messages; the reason is written into the log with each of them',
    run: async (shell, words) => {
      shell.unlockedBecause = needed(words.join(' '), 'unlock REASON')
      shell.out('unlocked: what is asked from now on is in the log with your reason\n')
      await Promise.resolve()
    }
  },
  lock: {
    usage: 'lock',
    what: 'end that',
    run: async shell => {
      shell.unlockedBecause = undefined
      shell.out('locked\n')
      await Promise.resolve()
    }
  },
  help: {
    usage: 'help',
    what: 'this list; exit or ^D ends the shell',
    run: async shell => {
      const rows = Object.values(shellCommands).map(({ usage, what }) => [usage, what])
      shell.out(tableText({ head: ['COMMAND', 'WHAT IT SHOWS OR DOES'], rows }))
      await Promise.resolve()
    }
  }
}

function needed(operand: string | undefined, usage: string): string {
  if (operand !== undefined && operand !== '') return operand
  throw new CommandFailure(exitStatus.misused, `it is: ${usage}`)
}

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (Number.isFinite(seconds) && seconds >= 0) return seconds
  throw new CommandFailure(exitStatus.misused, `"${text}" is no number of seconds`)
}
