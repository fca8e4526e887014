// Many kept connections that ask all the time, served by one loop over poll(2).

import type { Daemon } from '../../test/support/daemon.ts'
import { nextContainerId } from './container-ids.ts'
import { KeptConnection } from './kept-connection.ts'
import * as libc from './libc.ts'
import type { Verb } from './request-frame.ts'

/** What a connection asks next; undefined when it has asked enough. */
export type NextRequest = (
  connection: number
) => { readonly verb: Verb; readonly containerId: string } | undefined

/** Far above the slowest answer of a daemon that works. */
const answerTimeoutMs = 30_000

export class Crowd {
  readonly #connections: readonly KeptConnection[]
  readonly #pollfds: Buffer

  constructor(daemon: Pick<Daemon, 'socket'>, count: number, netns: string, conf: string) {
    this.#connections = Array.from(
      { length: count },
      () => new KeptConnection(daemon.socket, netns, conf)
    )
    this.#pollfds = Buffer.alloc(count * libc.pollfdBytes)
    for (const [i, { descriptor }] of this.#connections.entries()) {
      this.#pollfds.writeInt32LE(descriptor, i * libc.pollfdBytes)
      this.#pollfds.writeInt16LE(libc.POLLIN, i * libc.pollfdBytes + 4)
    }
  }

  /** Ask until nobody has anything left to ask; every answer has come and is acknowledged then. */
  run(next: NextRequest): void {
    let open = 0
    for (const [i, connection] of this.#connections.entries()) {
      const request = next(i)
      if (request === undefined) continue
      connection.send(request.verb, request.containerId)
      open += 1
    }
    while (open > 0) {
      this.#wait()
      for (const [i, connection] of this.#connections.entries()) {
        if (this.#pollfds[i * libc.pollfdBytes + 6] === 0 || !connection.receive()) continue
        const request = next(i)
        if (request === undefined) {
          connection.acknowledge()
          open -= 1
        } else {
          connection.send(request.verb, request.containerId)
        }
      }
    }
  }

  /** So many ADDs of new containers. */
  add(count: number): void {
    let left = count
    this.run(() => {
      left -= 1
      return left < 0 ? undefined : { verb: 'ADD', containerId: nextContainerId() }
    })
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection[Symbol.dispose]()
  }

  #wait(): void {
    let ready: number
    do ready = libc.poll(this.#pollfds, this.#connections.length, answerTimeoutMs)
    while (ready < 0 && libc.errno() === libc.EINTR)
    libc.succeed('poll', ready)
    if (ready === 0) throw new Error(`the daemon has not answered for ${answerTimeoutMs} ms`)
  }
}
