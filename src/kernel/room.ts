// A namespace that is open for questions and orders. Its sockets belong to it wherever the thread is, so only what
// goes by files (/proc/sys) needs a visit.

import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { hasFailedBecauseOf, ioctl, succeed } from './libc.ts'
import { openNamespaceFile, visitOpen } from './namespace.ts'
import { NetlinkSocket, netlinkProtocols } from './netlink/netlink-socket.ts'
import type { SocketLedger } from './socket-ledger.ts'

/** SIOCGIFNAME and SIOCGIFINDEX (netdevice(7)); struct ifreq has the name first, then the index. */
const [nameOfIndex, indexOfName] = [0x8910, 0x8933]
const [requestBytes, nameBytes] = [40, 16]

const request = Buffer.alloc(requestBytes)

/** An operation is about a link that is not there (any more). */
export class NoLinkError extends Error {
  readonly code = 'ENODEV'

  constructor(name: string) {
    super(`there is no link ${name} (ENODEV)`)
    this.name = new.target.name
  }
}

/** Of the thread. */
export interface Dwelling {
  /** The open file of the namespace that it lives in. */
  readonly home: number
  readonly ledger: SocketLedger
}

export class Room {
  /** The open file of the namespace. */
  readonly fd: number
  readonly route: NetlinkSocket
  readonly #home: number
  readonly #ledger: SocketLedger
  #netfilter: NetlinkSocket | undefined
  #isVisited = false

  private constructor(fd: number, { home, ledger }: Dwelling) {
    this.fd = fd
    this.#home = home
    this.#ledger = ledger
    this.route = this.#openSocket('route')
  }

  /** Throws an error with a code when there is none at `path`, and `HomeLostError`. */
  static open(path: string, dwelling: Dwelling): Room {
    const fd = openNamespaceFile(path)
    try {
      return new Room(fd, dwelling)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** The one that the thread lives in. */
  static home(dwelling: Dwelling): Room {
    return new Room(dwelling.home, dwelling)
  }

  /** Opened when it is needed for the first time: most pods have no marks. */
  get netfilter(): NetlinkSocket {
    return (this.#netfilter ??= this.#openSocket('netfilter'))
  }

  /** Visits within a visit cost nothing. */
  visit<Value>(act: () => Value): Value {
    if (this.fd === this.#home || this.#isVisited) return act()
    this.#isVisited = true
    try {
      return visitOpen(this.fd, this.#home, act)
    } finally {
      this.#isVisited = false
    }
  }

  /** Throws `NoLinkError` when there is no such link. */
  indexOf(name: string): number {
    const index = this.findIndex(name)
    if (index === undefined) throw new NoLinkError(name)
    return index
  }

  /** The kernel looks for a module of that name where there is no such link, so ask for one that should be there. */
  findIndex(name: string): number | undefined {
    if (name === '' || Buffer.byteLength(name) >= nameBytes) return undefined
    request.fill(0)
    request.write(name)
    return isThere(ioctl(this.route.fd, indexOfName, request))
      ? request.readInt32LE(nameBytes)
      : undefined
  }

  /** Undefined when there is no such link (any more). */
  nameOf(index: number): string | undefined {
    request.fill(0)
    request.writeInt32LE(index, nameBytes)
    return isThere(ioctl(this.route.fd, nameOfIndex, request))
      ? request.toString('utf8', 0, request.indexOf(0))
      : undefined
  }

  close(): void {
    this.route.close()
    this.#netfilter?.close()
    if (this.fd !== this.#home) closeSync(this.fd)
  }

  #openSocket(protocol: keyof typeof netlinkProtocols): NetlinkSocket {
    return this.visit(() => new NetlinkSocket(netlinkProtocols[protocol], this.#ledger))
  }
}

/** The link is, after a question for it. */
function isThere(result: number): boolean {
  if (result < 0 && hasFailedBecauseOf(constants.errno.ENODEV)) return false
  succeed('looking for a link', result)
  return true
}
