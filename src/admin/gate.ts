// Who asks, and what that allows. At the Unix socket everything: only root can open it. Over TCP reading, and orders for
// whoever has the token.

import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { type Answer, refused } from './answer.ts'
import type { Token } from './token.ts'

export interface Caller {
  /** For the log and the audit: `token`, `anybody`, or who is at the other end of the Unix socket. */
  readonly by: () => Promise<string>
  readonly mayOrder: boolean
}

/** Decides on a request before anything of it is looked at. */
export type Gate = (request: IncomingMessage) => Caller | { readonly refusal: Answer }

/** `peerOf` names the process at the other end, where that can be told. */
export function socketGate(peerOf: (request: IncomingMessage) => Promise<string>): Gate {
  return request => ({ by: () => peerOf(request), mayOrder: true })
}

export interface TcpGateOptions {
  /** Names under which this node is reached, beside its addresses. */
  readonly hosts: readonly string[]
  readonly token: Token | undefined
}

/**
 * A web page of somebody else can make a browser ask this node under a name of its own (DNS rebinding). So names that are
 * not known are refused; an address cannot be rebound.
 */
export function tcpGate({ hosts, token }: TcpGateOptions): Gate {
  const known = new Set(['localhost', ...hosts].map(host => host.toLowerCase()))
  return request => {
    const { host = '', authorization, origin } = request.headers
    const name = hostnameOf(host)
    if (isIP(name) === 0 && !known.has(name.toLowerCase())) {
      const what = `this node does not answer to the name ${JSON.stringify(name)}; ask it by address, or list the name in http.hosts`
      return { refusal: refused(421, what) }
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

/** `[::1]:5711` and `n1:5711` without port and brackets. */
function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}
