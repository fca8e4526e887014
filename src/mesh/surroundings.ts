// What every part of the mesh works with.

import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { Connection, Node, PeerId } from './libp2p-node.ts'
import { redialFirstMs, redialMaxMs } from './mesh-limits.ts'

export interface Surroundings {
  readonly node: Node
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Whether peers that show themselves on the link are dialled. */
  readonly isDiscovering: boolean
  /** Undefined when the text is none. */
  readonly peerIdOf: (text: string) => PeerId | undefined
}

/** The pause after so many failures in a row, by chance lest everybody comes back at once. */
export function pauseAfter(failures: number, random: Random): number {
  const pause = Math.min(redialMaxMs, redialFirstMs * 2 ** Math.min(failures - 1, 10))
  return Math.min(redialMaxMs, pause * (0.5 + random.next()))
}

/** The newest one, since an older one may have lost its peer without knowing. */
export function connectionTo(
  { node, peerIdOf }: Surroundings,
  peer: string
): Connection | undefined {
  const id = peerIdOf(peer)
  if (id === undefined) return undefined
  return node.getConnections(id).findLast(connection => connection.status === 'open')
}
