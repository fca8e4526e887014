// A door that is opened by the first who says something: what serves behind it is started then, takes the door's place
// in the file system itself, and those who came before are led to it.

import { connect, createServer, type Socket } from 'node:net'
import type { Listen } from '../ports/listen.ts'
import type { Log } from '../ports/log.ts'

/** Many times the pods of a node; the next one is refused and its plugin tries again. */
const waitingMax = 4_096

export interface Relay {
  close(): Promise<void>
}

/**
 * Listen at `path` until somebody else does. `open` is called for whoever says something until then, and resolves when
 * the path is the other's; who comes is let down when it rejects. Rejects when nobody can listen there.
 */
export async function openRelay(
  path: string,
  listen: Listen,
  open: () => Promise<void>,
  log: Log
): Promise<Relay> {
  const waiting = new Set<Socket>()
  const take = async (socket: Socket) => {
    try {
      await open()
      lead(socket, path)
    } catch (error) {
      log.error({ error }, 'a plugin is let down: what should serve it does not begin')
      socket.destroy()
    }
  }
  const server = createServer({ allowHalfOpen: true }, socket => {
    waiting.add(socket)
    socket.once('close', () => waiting.delete(socket))
    // A client that breaks its connection is nothing to us, and one that only looks whether somebody is there opens nothing.
    socket.on('error', () => {})
    const leave = () => socket.destroy()
    socket.once('end', leave)
    socket.once('data', words => {
      socket.pause()
      socket.off('end', leave)
      socket.unshift(words)
      void take(socket)
    })
  })
  server.maxConnections = waitingMax
  await listen(server, path)
  return {
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of waiting) socket.destroy()
      await closed
    }
  }
}

/** Byte for byte in both directions, until either end is closed. */
function lead(from: Socket, path: string): void {
  const to = connect({ path, allowHalfOpen: true })
  to.on('error', () => from.destroy())
  from.on('error', () => to.destroy())
  from.once('close', () => to.destroy())
  from.pipe(to)
  to.pipe(from)
}
