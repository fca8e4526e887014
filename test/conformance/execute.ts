// How a runtime executes a plugin: environment and stdin in, one document out. Nothing is judged here,
// so the nasty cases use the same door with any environment and any bytes.

import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** libcni tries again this often, and only for a program that is being written to. */
const busyRetriesMax = 5
const busyPauseMs = 1000

export type Environment = Readonly<Record<string, string | undefined>>

export interface Invocation {
  readonly program: string
  readonly args?: readonly string[]
  /** The whole environment. */
  readonly env?: Environment
  readonly stdin?: string | Uint8Array
  readonly cwd?: string
  /** Its end is the runtime's patience: SIGKILL to the direct child and to nobody else. */
  readonly signal?: AbortSignal | undefined
  /** Told the process as soon as there is one. */
  readonly onStart?: (child: ChildProcess) => void
}

export interface Execution {
  readonly invocation: Invocation
  /** null when a signal ended it. */
  readonly code: number | null
  readonly killedBy: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
  readonly ms: number
}

/** Execute it once and wait for its end; rejects only when there is no process at all. */
export function execute(invocation: Invocation): Promise<Execution> {
  const { program, args = [], env = {}, stdin = '', cwd, signal, onStart } = invocation
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const kill = () => child.kill('SIGKILL')
    child.on('error', reject)
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('close', (code, killedBy) => {
      signal?.removeEventListener('abort', kill)
      resolve({
        invocation,
        code,
        killedBy,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
        ms: performance.now() - began
      })
    })
    // A plugin may end without having read everything; Go's exec shrugs at that as well.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
    if (signal?.aborted === true) kill()
    else signal?.addEventListener('abort', kill)
    if (child.pid !== undefined) onStart?.(child)
  })
}

/** As libcni does: a program that is being replaced in place is tried again a second later. */
export async function executePatiently(invocation: Invocation): Promise<Execution> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await execute(invocation)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ETXTBSY' || attempt === busyRetriesMax) {
        throw error
      }
      await sleep(busyPauseMs)
    }
  }
}

/** The last words of a process as Go says them. */
export function describeEnd({ code, killedBy }: Execution): string {
  return killedBy === null ? `exit status ${code}` : `signal: ${signalNames[killedBy] ?? killedBy}`
}

const signalNames: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted'
}
