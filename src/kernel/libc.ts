// The C functions that ask links and change them, and how their failures are told. Node itself has neither packet
// and netlink sockets nor namespaces. Some of them wait for the kernel, so the
// thread that answers for addresses calls none of those.

import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'

const libc = koffi.load(null)

export const setns = libc.func('int setns(int fd, int kind)') as unknown as (
  fd: number,
  kind: number
) => number

export const socket = libc.func('int socket(int domain, int type, int protocol)') as unknown as (
  domain: number,
  type: number,
  protocol: number
) => number

export const bind = libc.func('int bind(int fd, void *address, uint size)') as unknown as (
  fd: number,
  address: Buffer,
  size: number
) => number

export const setsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, void *value, uint size)'
) as unknown as (fd: number, level: number, name: number, value: Buffer, size: number) => number

export const getsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, void *value, void *size)'
) as unknown as (fd: number, level: number, name: number, value: Buffer, size: Buffer) => number

export const ioctl = libc.func('int ioctl(int fd, ulong request, void *argument)') as unknown as (
  fd: number,
  request: number,
  argument: Buffer
) => number

export const send = libc.func(
  'long send(int fd, void *from, ulong size, int flags)'
) as unknown as (fd: number, from: Uint8Array, size: number, flags: number) => number

export const recv = libc.func('long recv(int fd, void *to, ulong size, int flags)') as unknown as (
  fd: number,
  to: Buffer,
  size: number,
  flags: number
) => number

export const poll = libc.func('int poll(void *fds, ulong count, int ms)') as unknown as (
  fds: Buffer,
  count: number,
  ms: number
) => number

export const open = libc.func('int open(str path, int flags)') as unknown as (
  path: string,
  flags: number
) => number

export const read = libc.func('long read(int fd, void *to, ulong size)') as unknown as (
  fd: number,
  to: Buffer,
  size: number
) => number

export const write = libc.func('long write(int fd, void *from, ulong size)') as unknown as (
  fd: number,
  from: Uint8Array,
  size: number
) => number

/** For what was opened here: Node counts what its own functions open in a thread, and warns of all else. */
export const close = libc.func('int close(int fd)') as unknown as (fd: number) => number

/** Where a buffer lies; it must be kept as long as the address is used. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer)
}

/** A call of the system that failed; `code` is e.g. ENODEV, as in Node's own errors. */
export class SystemFailure extends Error {
  readonly code: string

  constructor(what: string, errno: number) {
    const code = getSystemErrorName(-errno)
    super(`${what}: ${code}`)
    this.code = code
  }
}

/** Throws `SystemFailure` when a call of the kind that returns -1 has failed. */
export function succeed(what: string, result: number): number {
  if (result < 0) throw new SystemFailure(what, koffi.errno())
  return result
}

/** After a call that failed: `errno` of os.constants. Cheaper than a failure that is thrown and caught. */
export function hasFailedBecauseOf(errno: number): boolean {
  return koffi.errno() === errno
}

/** After a call that failed: nothing is wrong, it only has to be made again later. */
export function isForLater(): boolean {
  const { EINTR, EAGAIN, ENOBUFS } = constants.errno
  return [EINTR, EAGAIN, ENOBUFS].includes(koffi.errno())
}
