// The prompt of the shell: lines with history and completion, ^C for what is under way, ^D for the end.

import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { candidatesOf } from '../candidates.ts'
import { CommandFailure } from '../exit-status.ts'
import { type Shell, shellCommands } from './shell.ts'

const historyMax = 1_000

/** Until its end. What went wrong goes where other words go: the prompt is there again. */
export async function prompt(shell: Shell, node: string): Promise<void> {
  const history = historyFile()
  const lines = createInterface({
    ...{ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY },
    ...{ history: readHistory(history), historySize: historyMax, removeHistoryDuplicates: true },
    completer: (line: string) => completed(shell, line)
  })
  // A pipe may end while a line is at work: what it has brought by then is still done.
  const waiting: string[] = []
  let isOpen = true
  let wake = () => {}
  let running: AbortController | undefined
  lines.on('line', line => {
    waiting.push(line)
    wake()
  })
  lines.on('close', () => {
    isOpen = false
    wake()
  })
  lines.on('SIGINT', () => {
    if (running === undefined) lines.write(null, { ctrl: true, name: 'u' })
    else running.abort()
  })
  const ask = () => {
    if (!isOpen) return
    lines.setPrompt(`${node}${shell.unlockedBecause === undefined ? '>' : '#'} `)
    lines.prompt()
  }
  ask()
  for (;;) {
    const line = waiting.shift()
    if (line === undefined) {
      if (!isOpen) return
      await new Promise<void>(resolve => (wake = resolve))
      continue
    }
    if (line.trim() !== '') remember(history, line)
    running = new AbortController()
    if (!(await obeyed(shell, line, running.signal))) break
    running = undefined
    ask()
  }
  lines.close()
}

/** False at the end. */
async function obeyed(shell: Shell, line: string, signal: AbortSignal): Promise<boolean> {
  try {
    return await shell.run(line, { signal, isInteractive: process.stdin.isTTY })
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    shell.out(`${error.message}\n`)
    return true
  }
}

async function completed(shell: Shell, line: string): Promise<[string[], string]> {
  const words = line.split(/\s+/)
  const last = words.at(-1) ?? ''
  const [first = ''] = words
  const names = [...Object.keys(shellCommands), 'exit']
  const command = Object.hasOwn(shellCommands, first) ? shellCommands[first] : undefined
  const all =
    words.length === 1
      ? names
      : words.length === 2 && command?.completes !== undefined
        ? await candidatesOf(shell.orb, command.completes)
        : []
  return [all.filter(one => one.startsWith(last)), last]
}

function historyFile(): string {
  const state = process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state')
  return join(state, 'orbweaver', 'shell-history')
}

/** The latest first, as readline wants them. */
function readHistory(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    if (lines.length > 2 * historyMax)
      writeFileSync(file, `${lines.slice(-historyMax).join('\n')}\n`)
    return lines.slice(-historyMax).reverse()
  } catch {
    return []
  }
}

/** A shell without history is still a shell. */
function remember(file: string, line: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    appendFileSync(file, `${line}\n`, { mode: 0o600 })
    chmodSync(file, 0o600)
  } catch {
    // Nothing to tell a person who looks for something else.
  }
}
