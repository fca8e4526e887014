// How commands are added to the program, so that all of them have the same options, help and manners.

import { Argument, type Command, Option } from 'commander'
import { type GlobalOptions, Orb, type Surroundings } from './orb.ts'
import { type Output, outputs, type View, written } from './output.ts'
import { watching } from './watching.ts'

/** Of what an operand or an option's value may be, for completion. */
export type Completes = 'node' | 'pool' | 'subnet' | 'address' | 'pod' | 'actor' | 'file' | 'state'

export type Options = Readonly<Record<string, string | boolean | undefined>>

export interface Spec {
  readonly name: string
  readonly summary: string
  /** What it does beyond its summary. */
  readonly more?: string
  /** Command lines without the program, and what they are for. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  readonly operands?: readonly {
    readonly name: string
    readonly what: string
    readonly optional?: true
    readonly completes?: Completes
  }[]
  readonly options?: readonly {
    readonly flags: string
    readonly what: string
    readonly completes?: Completes
  }[]
}

type Run = (orb: Orb, options: Options, operands: readonly string[]) => Promise<void>

/** Which completions an argument or option has; commander has no place for it. */
export const completions = new WeakMap<Argument | Option, Completes>()

export function addCommand(parent: Command, around: Surroundings, spec: Spec, run: Run): Command {
  const { name, summary, more, examples, operands = [], options = [] } = spec
  const command = parent.command(name).summary(summary)
  command.description(more === undefined ? `${summary}.` : `${summary}. ${more}`)
  for (const { name: operand, what, optional, completes } of operands) {
    const argument = new Argument(optional === true ? `[${operand}]` : `<${operand}>`, what)
    if (completes !== undefined) completions.set(argument, completes)
    command.addArgument(argument)
  }
  for (const { flags, what, completes } of options) {
    const option = new Option(flags, what)
    if (completes !== undefined) completions.set(option, completes)
    command.addOption(option)
  }
  const shown = examples.map(([line, what]) => `  # ${what}\n  ${around.program} ${line}`)
  command.addHelpText('after', `\nExamples:\n${shown.join('\n\n')}`)
  command.action(async (...given: unknown[]) => {
    const all = command.optsWithGlobals<GlobalOptions & Options>()
    const values = given.slice(0, operands.length).filter(one => typeof one === 'string')
    await run(new Orb(around, all), all, values)
  })
  return command
}

export type Fetch<Body> = (orb: Orb, options: Options, operands: readonly string[]) => Promise<Body>

/** A command that shows something, with -o and perhaps -w. */
export function addView<Body>(
  parent: Command,
  around: Surroundings,
  spec: Spec & { readonly watches?: boolean },
  fetch: Fetch<Body>,
  view: View<Body>
): Command {
  const command = addCommand(parent, around, spec, async (orb, options, operands) => {
    const output = options['json'] === true ? 'json' : (options['output'] as Output | undefined)
    const text = async () => await written(await fetch(orb, options, operands), view, output)
    if (options['watch'] === true) await watching(orb.terminal, text)
    orb.terminal.out(await text())
  })
  command.addOption(
    new Option('-o, --output <format>', 'how to write it, instead of a table').choices(outputs)
  )
  command.addOption(new Option('--json', 'the same as -o json').hideHelp())
  if (spec.watches !== false) command.option('-w, --watch', 'again whenever it changes, until ^C')
  return command
}

/** A text that an option was given. */
export function textOf(options: Options, key: string): string | undefined {
  const value = options[key]
  return typeof value === 'string' ? value : undefined
}
