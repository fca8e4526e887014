// Who asks, and what that allows. At the Unix socket everything: only root can open it. Over TCP reading, and orders for
// whoever has the token.

import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { type Answer, refused } from './answer.ts'
import type { Token } from './token.ts'
import type { Clock } from '../ports/clock.ts'

export interface Caller {
  /** For the log and the audit: `token`, `anybody`, or who is at the other end of the Unix socket. */
  readonly by: () => Promise<string>
  readonly mayOrder: boolean
}

/** Decides on a request before anything of it is looked at. */
export type Gate = (request: IncomingMessage) => Caller | { readonly refusal: Answer }

/**
 * `peerOf` names the process at the other end, where that can be told. Who forwards the socket to a port (ssh -L) brings
 * it within reach of a browser, and so of every page in it: what a browser sends orders nothing, and names that may have
 * been rebound are refused. Tools name the node as they like, without a dot.
 */
export function socketGate(peerOf: (request: IncomingMessage) => Promise<string>): Gate {
  return request => {
    const { host = '', origin } = request.headers
    const name = hostnameOf(host)
    if (isIP(name) === 0 && name.includes('.')) return { refusal: strangeName(name) }
    return { by: () => peerOf(request), mayOrder: origin === undefined }
  }
}

/** Several people with a page each and some scrapers; who asks more takes time from pods. */
const requestsPerSecond = 100
/** A page that is opened, and somebody who moves over a map. */
const burstMax = 300

export interface TcpGateOptions {
  readonly clock: Clock
  /** Names under which this node is reached, beside its addresses. */
  readonly hosts: readonly string[]
  readonly token: Token | undefined
}

/**
 * A web page of somebody else can make a browser ask this node under a name of its own (DNS rebinding). So names that are
 * not known are refused; an address cannot be rebound.
 */
export function tcpGate({ clock, hosts, token }: TcpGateOptions): Gate {
  const allowance = new Allowance(clock)
  const known = new Set(['localhost', ...hosts].map(host => host.toLowerCase()))
  return request => {
    // Whether the process lives is asked by who restarts it otherwise.
    if (request.url !== '/healthz' && !allowance.take())
      return { refusal: refused(429, 'this node is asked too much; wait a second') }
    const { host = '', authorization, origin } = request.headers
    const name = hostnameOf(host)
    if (isIP(name) === 0 && !known.has(name.toLowerCase())) {
      return { refusal: strangeName(name) }
    }
    if (authorization === undefined) return { by: async () => 'anybody', mayOrder: false }
    const [, guess] = /^bearer +(\S+)$/i.exec(authorization) ?? []
    if (guess === undefined || token?.matches(guess) !== true) {
      return { refusal: refused(401, 'this is not the token of this node') }
    }
    if (origin !== undefined && URL.parse(origin)?.host !== host) {
      return { refusal: refused(403, `pages of ${origin} may not give orders here`) }
    }
    return { by: async () => 'token', mayOrder: true }
  }
}

function strangeName(name: string): Answer {
  return refused(
    421,
    `this node does not answer to the name ${JSON.stringify(name)}; ask it by address, or list the name in http.hosts`
  )
}

/** `[::1]:5711` and `n1:5711` without port and brackets. */
function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/** Of requests over TCP, whoever sends them. */
class Allowance {
  readonly #clock: Clock
  #left = burstMax
  #at: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.monotonicMs()
  }

  take(): boolean {
    const now = this.#clock.monotonicMs()
    this.#left = Math.min(burstMax, this.#left + ((now - this.#at) / 1_000) * requestsPerSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
