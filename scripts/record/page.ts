// A page of docs whose console blocks are a script: commands behind prompts, and what came of them.

import type { Session, Step } from './session.ts'

const prompt = /^(n\d)\$ (.*)$/
const directive = /^<!-- (n\d): (.*) -->$/

/** The page with what its commands say now, in its order. */
export async function recorded(page: string, session: Pick<Session, 'run'>): Promise<string> {
  const lines: string[] = []
  let isConsole = false
  for (const line of page.split('\n')) {
    if (line.startsWith('```')) {
      isConsole = line === '```console'
      lines.push(line)
      continue
    }
    const step = stepOf(line, isConsole)
    // What came of a command the last time goes.
    if (step === undefined && isConsole) continue
    lines.push(line)
    if (step === undefined) continue
    const text = await session.run(step)
    if (step.isShown && text !== '') lines.push(...text.trimEnd().split('\n'))
  }
  return lines.join('\n')
}

function stepOf(line: string, isConsole: boolean): Step | undefined {
  const [, node = '', command = ''] = (isConsole ? prompt : directive).exec(line) ?? []
  return node === '' ? undefined : { node, line: command, isShown: isConsole }
}

/**
 * What differs from one run to the next, by rules: times, ages, ids, hashes, process ids and numbers of records; this disk
 * and this kernel; how much work actors have done, and what happened in which order; and who has got how many free
 * addresses by now, which depends on who asked first, with notes of what is under way between nodes. Columns are as wide as that makes them.
 */
const rules: readonly (readonly [RegExp, string])[] = [
  [/^\d\d:\d\d:\d\d\.\d{3} .*$/gm, 'HAPPENED'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/\b[0-9a-f]{64}\b/g, 'HASH'],
  [/\b[0-9a-f]{32}\b/g, 'ID'],
  [/\/proc\/\d+\//g, '/proc/PID/'],
  [/\brecord \d+/g, 'record N'],
  [/\b\d+ records/g, 'N records'],
  [/has \d+ MiB free of \d+/g, 'has SPACE'],
  [/^(kernel modules|clock) .*$/gm, '$1'],
  [/^ {2}(kernel modules|clock): .*$/gm, '$1'],
  [/(├─|└─)( \S+) .*$/gm, '$1$2'],
  [/^(handled|busy|lastType|mailbox): .*$/gm, '$1'],
  [/\b\d+(\.\d+)?(us|ms|s|m)\b/g, 'AGE'],
  [/fd58::[0-9a-f:]*/g, 'V6'],
  [/^(address\/|10\.58\.0\.0\/24 +)?10\.58\.0\.(?!10\b).*$/gm, 'LEASES'],
  [/^(address\/)?V6.*$/gm, 'LEASES'],
  [/^((shared-v\d|10\.58\.0\.0\/24) .*|Default .*)$/gm, 'LEASES'],
  [/(addresses are left|nothing is left here)/g, 'LEFT'],
  [/^.*\bLEFT$/gm, 'LEASES'],
  [/^( *free): .*$/gm, '$1'],
  [/ +/g, ' '],
  [/ $/gm, ''],
  [/^(LEASES|HAPPENED)(\n\1$)+/gm, '$1'],
  [/\n\nSUBNET NOTE\nLEASES$/gm, '']
]

/** Equal for two recordings of a page exactly when no command says another thing. */
export function comparable(page: string): string {
  return rules.reduce((text, [what, by]) => text.replaceAll(what, by), page)
}
