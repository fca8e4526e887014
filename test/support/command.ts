// Run a program to its end, with a bound, and wait for things that take their time, with a bound.

import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const commandTimeoutMs = 60_000

export interface Outcome {
  /** The exit status; 128 when it was killed or could not be started. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** The whole environment: nothing of this process's own gets in but PATH. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly timeoutMs?: number
}

/** Run it and say how it ended; never throws for an exit status. */
export function attempt(
  command: string,
  args: readonly string[],
  options: CommandOptions = {}
): Promise<Outcome> {
  const { env = {}, input = '', timeoutMs = commandTimeoutMs } = options
  return new Promise(resolve => {
    const child = execFile(
      command,
      args,
      {
        env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...env },
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 16 * 1024 * 1024
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr })
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr })
        else resolve({ code: 128, stdout, stderr: `${error.message}\n${stderr}` })
      }
    )
    // A program may end without having read its input.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** Run it and give what it prints; throws with everything it said when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {}
): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, args, options)
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} (status ${code}): ${stderr.trim()} ${stdout}`)
  }
  return stdout
}

/** Ask again and again until the answer is not undefined or false; throws after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 60_000
): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await probe()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`${what}: not so after ${timeoutMs} ms`)
    await sleep(20)
  }
}

/** Does any process run one of these programs? On a host of its own that is one of the test's. */
export function isRunning(...programs: readonly string[]): boolean {
  return readdirSync('/proc').some(pid => /^\d+$/.test(pid) && programs.includes(programOf(pid)))
}

function programOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
