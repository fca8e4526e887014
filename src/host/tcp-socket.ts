// A place on the network for a server that the node can do without: where another program has it, it is tried again.

import type { Server } from 'node:net'
import { messageOf } from '../core/error-text.ts'
import { type Endpoint, formatEndpoint } from '../core/endpoint.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

/** An earlier daemon that is on its way out lets go in seconds; a person with another program takes longer. */
const retryMs = 5_000
/** Scrapers and some people. */
const backlogMax = 64

/** Listen now or as soon as it can be. The returned function ends the trying; the server is closed by its owner. */
export function listenTcp(server: Server, endpoint: Endpoint, clock: Clock, log: Log): () => void {
  const where = formatEndpoint(endpoint)
  let cancel = () => {}
  let hasComplained = false
  const listen = () => server.listen({ ...endpoint, backlog: backlogMax })
  server.on('error', error => {
    // One connection that could not be taken is no reason to listen anew.
    if (server.listening)
      return log.debug({ where, why: messageOf(error) }, 'a client was not let in')
    if (!hasComplained) {
      log.error(
        { where, why: messageOf(error) },
        'nobody can listen for HTTP there; it is tried again'
      )
    }
    hasComplained = true
    cancel = clock.after(retryMs, listen)
  })
  server.on('listening', () => {
    hasComplained = false
    log.info({ where }, 'HTTP is served')
  })
  listen()
  return () => cancel()
}
