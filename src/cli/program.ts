// The program `orb`: its commands, its manners, and what becomes of failures.

import { Command, CommanderError } from 'commander'
import { messageOf } from '../core/error-text.ts'
import { OrbweaverError } from '../core/errors.ts'
import { addAddressOrders } from './commands/address-orders.ts'
import { addAddressViews } from './commands/addresses.ts'
import { addCompletion } from './commands/completion.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDocumentOrders } from './commands/documents.ts'
import { addExplain } from './commands/explain.ts'
import { addNodeOrders } from './commands/node-orders.ts'
import { addNodeViews } from './commands/node-views.ts'
import { addRangeOrders } from './commands/range-orders.ts'
import { addShell } from './commands/shell.ts'
import { addSpaceViews } from './commands/space-views.ts'
import { addSupportBundle } from './commands/support-bundle.ts'
import { CommandFailure, exitStatus } from './exit-status.ts'
import type { Surroundings } from './orb.ts'

export function programOf(around: Surroundings): Command {
  const { program: name, release, terminal } = around
  const program = new Command(name)
  program
    .description('See and steer an Orbweaver node, and look at others through the mesh.')
    .version(release, '-V, --version')
    .option('--socket <path>', 'the admin socket (or ORBWEAVER_ADMIN_SOCKET)')
    .option('--config <file>', "the daemon's configuration, which names the socket")
    .option('--node <name>', 'another node, through the mesh; to look, not to order')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError(`(${name} --help shows what there is)`)
    .exitOverride()
  addNodeViews(program, around)
  addSpaceViews(program, around)
  addAddressViews(program, around)
  addExplain(program, around)
  addDocumentOrders(program, around)
  addAddressOrders(program, around)
  addNodeOrders(program, around)
  addRangeOrders(program, around)
  addDoctor(program, around)
  addSupportBundle(program, around)
  addShell(program, around)
  addCompletion(program, around)
  return program
}

/** Run one command line, without the program in it; the exit status. */
export async function runOrb(args: readonly string[], around: Surroundings): Promise<number> {
  const { program: name, terminal } = around
  try {
    const program = programOf(around)
    if (args.length === 0) {
      program.outputHelp()
      return exitStatus.done
    }
    await program.parseAsync([...args], { from: 'user' })
    return exitStatus.done
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitStatus.done : exitStatus.misused
    }
    if (error instanceof CommandFailure) {
      if (error.message !== '') terminal.err(`${name}: ${error.message}\n`)
      return error.status
    }
    if (!(error instanceof OrbweaverError)) throw error
    terminal.err(`${name}: ${messageOf(error)}\n`)
    return exitStatus.refused
  }
}
