// A program to execute again and again, prepared so that each time costs one posix_spawn and one waitpid.
// The parent sleeps until its child has called exec, so what was prepared may change right after.

import { setImmediate as nextTurn } from 'node:timers/promises'
import * as libc from './libc.ts'

export interface CommandOptions {
  readonly argv: readonly [program: string, ...args: string[]]
  readonly env: Readonly<Record<string, string>>
  /** A file. */
  readonly stdin: string
  /** A descriptor. */
  readonly stdout: number
  /** The name of a variable of `env` that `prepare` replaces; the new value has the same length. */
  readonly changing?: string
}

/** posix_spawn_file_actions_t has 80 bytes with glibc and musl; some room for others. */
const fileActionsBytes = 256

const pid = Buffer.alloc(4)
const status = Buffer.alloc(4)

export class Command {
  readonly #path: Buffer
  readonly #argv: Buffer
  readonly #envp: Buffer
  readonly #actions = Buffer.alloc(fileActionsBytes)
  readonly #changing: { readonly bytes: Buffer; readonly at: number } | undefined
  /** What the addresses above point to. */
  readonly #kept: readonly Buffer[]

  constructor({ argv, env, stdin, stdout, changing }: CommandOptions) {
    const args = argv.map(libc.cString)
    const names = Object.keys(env)
    const variables = names.map(name => libc.cString(`${name}=${env[name]}`))
    const input = libc.cString(stdin)
    this.#path = libc.cString(argv[0])
    this.#argv = libc.pointersTo(args)
    this.#envp = libc.pointersTo(variables)
    this.#kept = [...args, ...variables, input]
    const bytes = changing === undefined ? undefined : variables[names.indexOf(changing)]
    this.#changing = bytes && { bytes, at: `${changing}=`.length }
    libc.succeed('file actions', -libc.fileActionsInit(this.#actions))
    libc.succeed('file actions', -libc.fileActionsOpen(this.#actions, 0, input, 0, 0))
    libc.succeed('file actions', -libc.fileActionsDup(this.#actions, stdout, 1))
  }

  /** Give the changing variable its next value. */
  prepare(value: string): void {
    if (this.#changing === undefined) return
    const { bytes, at } = this.#changing
    if (value.length !== bytes.length - 1 - at) throw new Error(`${value} has another length`)
    bytes.write(value, at, 'latin1')
  }

  /** Start it; the process id. */
  spawn(): number {
    const error = libc.posixSpawn(pid, this.#path, this.#actions, null, this.#argv, this.#envp)
    if (error !== 0) {
      throw libc.systemError(`${this.#kept[0]?.toString().slice(0, -1)} cannot be run`, error)
    }
    return pid.readInt32LE(0)
  }

  /** From before exec to after exit, in microseconds. Throws unless it exits with 0. */
  time(): number {
    const started = process.hrtime.bigint()
    const { code } = reap(this.spawn())
    const ended = process.hrtime.bigint()
    if (code !== 0) throw new Error(`${this.#kept[0]?.toString().slice(0, -1)} ended with ${code}`)
    return Number(ended - started) / 1_000
  }
}

/** Wait for this child, or for any with -1. A status above 128 is that of a signal. */
export function reap(child: number): { readonly pid: number; readonly code: number } {
  let ended: number
  do ended = libc.waitpid(child, status, 0)
  while (ended < 0 && libc.errno() === libc.EINTR)
  libc.succeed('waitpid', ended)
  const raw = status.readInt32LE(0)
  const signal = raw & 0x7f
  return { pid: ended, code: signal === 0 ? (raw >> 8) & 0xff : 128 + signal }
}

/** Let the event loop run: signals are heard and what the daemon logs is read. */
export async function breathe(): Promise<void> {
  await nextTurn()
}
