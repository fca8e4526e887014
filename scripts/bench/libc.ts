// The C functions that the bench calls itself, beside those of the daemon. Programs start by posix_spawn from here and not through
// node:child_process, whose own work would be a large part of what is measured.

import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'
import { addressOf, succeed } from '../../src/kernel/libc.ts'

export { close, poll, read, socket, succeed, write } from '../../src/kernel/libc.ts'

const libc = koffi.load(null)

/** Addresses and buffers are passed as they are; the callee keeps none of them. */
type Pointer = Buffer | bigint | null

export const posixSpawn = libc.func(
  'int posix_spawn(void *pid, void *path, void *actions, void *attributes, void *argv, void *envp)'
) as unknown as (
  pid: Buffer,
  path: Pointer,
  actions: Pointer,
  attributes: Pointer,
  argv: Pointer,
  envp: Pointer
) => number

export const waitpid = libc.func('int waitpid(int pid, void *status, int options)') as unknown as (
  pid: number,
  status: Buffer,
  options: number
) => number

export const fileActionsInit = libc.func(
  'int posix_spawn_file_actions_init(void *actions)'
) as unknown as (actions: Buffer) => number

export const fileActionsOpen = libc.func(
  'int posix_spawn_file_actions_addopen(void *actions, int fd, void *path, int flags, uint mode)'
) as unknown as (actions: Buffer, fd: number, path: Buffer, flags: number, mode: number) => number

export const fileActionsDup = libc.func(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)'
) as unknown as (actions: Buffer, from: number, to: number) => number

export const pipe2 = libc.func('int pipe2(void *fds, int flags)') as unknown as (
  fds: Buffer,
  flags: number
) => number

export const connect = libc.func('int connect(int fd, void *address, uint size)') as unknown as (
  fd: number,
  address: Buffer,
  size: number
) => number

const clockGettime = libc.func('int clock_gettime(int clock, void *time)') as unknown as (
  clock: number,
  time: Buffer
) => number

export const O_CLOEXEC = 0o2000000
export const POLLIN = 1
export const EINTR = 4

/** bits/types/struct_pollfd.h: int fd, short events, short revents. */
export const pollfdBytes = 8

export function errno(): number {
  return koffi.errno()
}

export function systemError(what: string, code = errno()): Error {
  return new Error(`${what}: ${getSystemErrorName(-code)}`)
}

const bootTime = 7
const time = Buffer.alloc(16)

/** CLOCK_BOOTTIME in nanoseconds: the clock of the plugin. */
export function bootTimeNs(): bigint {
  succeed('clock_gettime', clockGettime(bootTime, time))
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8)
}

/** A text with its terminating zero. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

/** An array of pointers that ends with NULL, as argv and environ are. */
export function pointersTo(strings: readonly Buffer[]): Buffer {
  const pointers = Buffer.alloc((strings.length + 1) * 8)
  for (const [i, string] of strings.entries()) pointers.writeBigUInt64LE(addressOf(string), i * 8)
  return pointers
}
