// The sandbox of one pod: a network namespace with a macvlan link on the segment of the nodes. Its address is
// set and read with ioctl(2) on a socket that lives in there, which costs microseconds: so the judge can look
// into every sandbox many times a second, and sees what the kernel has and not what anybody says.

import { closeSync, openSync } from 'node:fs'
import koffi from 'koffi'
import type { Lan } from '../../test/support/cluster-lan.ts'
import { run } from '../../test/support/command.ts'

const libc = koffi.load(null)
const setns = libc.func('int setns(int fd, int kind)') as unknown as (
  fd: number,
  kind: number
) => number
const socket = libc.func('int socket(int domain, int type, int protocol)') as unknown as (
  domain: number,
  type: number,
  protocol: number
) => number
const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)') as unknown as (
  fd: number,
  request: number,
  argument: Buffer
) => number

/** linux/sockios.h, bits/socket.h and linux/if.h. */
const getAddress = 0x8915
const setAddress = 0x8916
const setFlags = 0x8914
const isUp = 1
const cloneNewNet = 0x40000000
const [afInet, sockDgram, sockCloexec] = [2, 2, 0o2000000]
/** struct ifreq: 16 bytes of name, then a sockaddr_in with the address at its fifth byte, or the flags. */
const [ifreqBytes, valueAt, addressAt] = [40, 16, 20]

const link = 'eth0'
const none = '0.0.0.0'

export class Sandbox {
  readonly name: string
  readonly #socket: number

  constructor(name: string) {
    this.name = name
    this.#socket = socketIn(this.path)
    const request = ifreq()
    request.writeInt16LE(isUp, valueAt)
    this.#ioctl(setFlags, request)
  }

  /** As CNI_NETNS. */
  get path(): string {
    return `/run/netns/${this.name}`
  }

  /** What the kernel has; undefined when there is none. */
  get address(): string | undefined {
    const request = ifreq()
    if (ioctl(this.#socket, getAddress, request) !== 0) return undefined
    return [...request.subarray(addressAt, addressAt + 4)].join('.')
  }

  set address(address: string | undefined) {
    const request = ifreq()
    request.writeUInt16LE(afInet, valueAt)
    for (const [i, part] of (address ?? none).split('.').entries()) {
      request.writeUInt8(Number(part), addressAt + i)
    }
    this.#ioctl(setAddress, request)
  }

  #ioctl(request: number, argument: Buffer): void {
    if (ioctl(this.#socket, request, argument) !== 0) {
      throw new Error(`${this.name}: ioctl ${request.toString(16)} failed`)
    }
  }
}

/** Sandboxes on one node; they go with the host they were made on. */
export async function makeSandboxes(lan: Lan, node: number, count: number): Promise<Sandbox[]> {
  const names = Array.from({ length: count }, (_, i) => `pod-${node}-${i}`)
  await run('ip', ['-batch', '-'], { input: names.map(name => `netns add ${name}\n`).join('') })
  const type = 'type macvlan mode bridge'
  const links = names.map(name => `link add link ${link} name ${link} netns ${name} ${type}\n`)
  const { name = '' } = lan.netns(node)
  await run('ip', ['-n', name, '-batch', '-'], { input: links.join('') })
  return names.map(one => new Sandbox(one))
}

/** A socket belongs to the namespace it was made in, wherever its owner goes. */
function socketIn(path: string): number {
  const [here, there] = [openSync('/proc/self/ns/net', 'r'), openSync(path, 'r')]
  try {
    if (setns(there, cloneNewNet) !== 0) throw new Error(`${path} cannot be entered`)
    return socket(afInet, sockDgram | sockCloexec, 0)
  } finally {
    if (setns(here, cloneNewNet) !== 0) process.abort() // in a namespace of a pod nothing here is right
    closeSync(here)
    closeSync(there)
  }
}

function ifreq(): Buffer {
  const request = Buffer.alloc(ifreqBytes)
  request.write(link, 'latin1')
  return request
}
