// Run commands so that one Ctrl-C ends a script in order: commands are in process groups of their own
// and do not get it, the script does, stops the command that runs and starts no other but for cleaning up.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const interruption = new AbortController()

/** Aborted once the script has to end; the reason is an error that says why. */
export const interrupted = interruption.signal

export function interrupt(why: string): void {
  interruption.abort(new Error(why))
}

/** From now on signals, and a reader of stdout that went away, interrupt instead of killing. */
export function catchInterruptions(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interrupt(`it was interrupted (${name})`))
  }
  process.stdout.on('error', () => interrupt('nobody reads what it prints'))
  process.stderr.on('error', () => {})
}

/** A user's own path often lacks where Debian keeps `ip`. */
export const searchPath = [process.env['PATH'], '/usr/sbin', '/sbin']
  .filter(Boolean)
  .join(delimiter)

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly cwd?: string
  /** Runs although the script is interrupted. */
  readonly cleaning?: boolean
}

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** From the start of the process to its end. */
  readonly ms: number
}

/** Run to the end and say how it went; throws when it cannot be run or is interrupted. */
export async function attempt(
  command: string,
  args: readonly string[],
  { env, input = '', cwd, cleaning = false }: CommandOptions = {}
): Promise<Outcome> {
  if (!cleaning) interrupted.throwIfAborted()
  const began = performance.now()
  const child = spawn(command, args, {
    detached: true,
    env: { ...process.env, PATH: searchPath, LC_ALL: 'C', ...env },
    ...(cwd !== undefined && { cwd })
  })
  let [stdout, stderr, ms] = ['', '', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.on('exit', () => (ms = performance.now() - began))
  child.stdin.on('error', () => {}) // it need not read what it does not need
  child.stdin.end(input)
  const stop = (): void => endGroup(child)
  if (!cleaning) interrupted.addEventListener('abort', stop)
  try {
    const [status] = (await once(child, 'close')) as [number | null]
    if (!cleaning) interrupted.throwIfAborted()
    return { status, stdout, stderr, ms }
  } finally {
    interrupted.removeEventListener('abort', stop)
  }
}

/** As `attempt`, and throws with what it said when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options?: CommandOptions
): Promise<Outcome> {
  const outcome = await attempt(command, args, options)
  if (outcome.status === 0) return outcome
  const said = `${outcome.stderr}\n${outcome.stdout}`.trim()
  throw new Error(`${[command, ...args].join(' ')} failed with status ${outcome.status}\n${said}`)
}

/** Its whole process group, since a command may have started others. */
function endGroup({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return
  try {
    process.kill(-pid)
  } catch {
    // It has ended by itself.
  }
}

/** Try until something comes of it. */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value | undefined> | Value | undefined,
  { withinMs = 10_000, everyMs = 5 } = {}
): Promise<Value> {
  const end = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs / 1_000} s`)
    interrupted.throwIfAborted()
    await sleep(everyMs)
  }
}
