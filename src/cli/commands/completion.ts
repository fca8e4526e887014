// completion: scripts for bash, zsh and fish that ask `orb __complete`, so that there is one list of what may come.

import type { Command, Option } from 'commander'
import { completions, type Completes, addCommand } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import { Orb, type Surroundings } from '../orb.ts'
import { candidatesOf } from '../candidates.ts'

const scripts: Readonly<Record<string, (program: string) => string>> = {
  bash: program => `# ${program} completion for bash; put this into ~/.bashrc:
#   source <(${program} completion bash)
_${program}() {
  local IFS=$'\\n'
  COMPREPLY=($(${program} __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  if [ "\${#COMPREPLY[@]}" -eq 1 ] && [ "\${COMPREPLY[0]}" = ':files' ]; then
    COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
  fi
}
complete -o nosort -F _${program} ${program}
`,
  zsh: program => `#compdef ${program}
# ${program} completion for zsh; put this into ~/.zshrc, behind compinit:
#   source <(${program} completion zsh)
_${program}() {
  local -a lines candidates
  lines=("\${(@f)$(${program} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${lines[1]}" == ':files' ]]; then
    _files
    return
  fi
  local line
  for line in "\${lines[@]}"; do
    [[ -n "$line" ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe '${program}' candidates
}
compdef _${program} ${program}
`,
  fish: program => `# ${program} completion for fish; put this into ~/.config/fish/completions/${program}.fish:
#   ${program} completion fish > ~/.config/fish/completions/${program}.fish
function __${program}_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (${program} __complete -- $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = ':files'
        __fish_complete_path (commandline -ct)
        return
    end
    printf '%s\\n' $lines
end
complete -c ${program} -f -a '(__${program}_complete)'
`
}

export function addCompletion(program: Command, around: Surroundings): void {
  const shells = Object.keys(scripts)
  addCommand(
    program,
    around,
    {
      name: 'completion',
      summary: 'The completion script for a shell: bash, zsh or fish',
      examples: [
        ['completion bash', `source <(${around.program} completion bash)`],
        ['completion zsh', `source <(${around.program} completion zsh)`],
        [
          'completion fish',
          `${around.program} completion fish > ~/.config/fish/completions/${around.program}.fish`
        ]
      ],
      operands: [{ name: 'SHELL', what: shells.join(', ') }]
    },
    (orb, _options, [shell = '']) => {
      const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined
      if (script === undefined) {
        const what = `there is no completion for ${shell}; there is for ${shells.join(', ')}`
        throw new CommandFailure(exitStatus.misused, what)
      }
      orb.terminal.out(script(orb.surroundings.program))
      return Promise.resolve()
    }
  )
  program
    .command('__complete [words...]', { hidden: true })
    .action(async (words: readonly string[]) => {
      const lines = await complete(program, words, around)
      around.terminal.out(lines.map(line => `${line}\n`).join(''))
    })
}

/** What may stand in the place of the last word: each a line, with a tab before what it is. */
async function complete(
  program: Command,
  words: readonly string[],
  around: Surroundings
): Promise<readonly string[]> {
  const typed = words.at(-1) ?? ''
  const { command, operands, last, given } = follow(program, words.slice(0, -1))
  const fits = ({ 0: word }: readonly [string, string]) => word.startsWith(typed)
  const orb = new Orb(around, given)
  const values = async (which: Completes | undefined, choices?: readonly string[]) => {
    if (which === 'file') return [':files']
    const all = which === undefined ? (choices ?? []) : await candidatesOf(orb, which)
    return all.filter(one => one.startsWith(typed))
  }
  if (last !== undefined) return await values(completions.get(last), last.argChoices)
  if (typed.startsWith('-')) {
    const options = [...command.createHelp().visibleOptions(command), ...program.options]
    return [...new Map(options.map(one => [one.long ?? one.short ?? '', one.description]))]
      .filter(fits)
      .map(line => line.join('\t'))
  }
  const below = command.createHelp().visibleCommands(command)
  if (below.length > 0) {
    const named = below.map(one => [one.name(), one.summary() || one.description()] as const)
    return named.filter(fits).map(line => line.join('\t'))
  }
  const argument = command.registeredArguments[operands]
  if (command.name() === 'completion') return await values(undefined, Object.keys(scripts))
  if (command.name() === 'delete' && operands === 0)
    return await values(undefined, ['pool', 'subnet', 'reserved'])
  return await values(argument && completions.get(argument))
}

interface Followed {
  readonly command: Command
  /** How many operands it has got. */
  readonly operands: number
  /** The option whose value comes now. */
  readonly last: Option | undefined
  readonly given: { socket?: string; config?: string }
}

function follow(program: Command, words: readonly string[]): Followed {
  let command = program
  let operands = 0
  let last: Option | undefined
  const given: { socket?: string; config?: string } = {}
  for (const word of words) {
    if (last !== undefined) {
      if (last.long === '--socket') given.socket = word
      if (last.long === '--config') given.config = word
      last = undefined
      continue
    }
    if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(
        one => one.long === word || one.short === word
      )
      if (option?.required === true) last = option
      continue
    }
    const next = command.commands.find(one => one.name() === word)
    if (next === undefined) operands += 1
    else command = next
  }
  return { command, operands, last, given }
}
