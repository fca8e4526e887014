// Makes the mesh of a daemon. Loads libp2p only now: a daemon answers from its own state before.

import { ConfigInvalidError } from '../core/errors.ts'
import { messageOf } from '../core/error-text.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { Libp2pMesh } from './libp2p-mesh.ts'
import { makeNode, type PeerId } from './libp2p-node.ts'

export interface MeshOptions {
  /** The seed of this node's Ed25519 key pair, 64 hexadecimal digits; its peer id follows from it. */
  readonly key: string
  /** As `readClusterKey` gives it. */
  readonly clusterKey: Uint8Array
  /** Multiaddresses to listen on. */
  readonly listen: readonly string[]
  /** What is told to others instead of what is listened on. */
  readonly announce?: readonly string[]
  /** Multiaddresses of some peers, without their peer ids; names are looked up again and again. */
  readonly peers: readonly string[]
  readonly mdns: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly transport?: 'tcp' | 'memory'
}

/** Throws ConfigInvalidError when an address is none or cannot be listened on. */
export async function createMesh(options: MeshOptions): Promise<Libp2pMesh> {
  const { key, clusterKey, listen, announce = [], peers, mdns, transport = 'tcp' } = options
  const [{ multiaddr }, { peerIdFromString }, { Libp2pMesh: Made }] = await Promise.all([
    import('@multiformats/multiaddr'),
    import('@libp2p/peer-id'),
    import('./libp2p-mesh.ts')
  ])
  const problems = [...listen, ...announce, ...peers].flatMap(address => {
    try {
      multiaddr(address)
      return []
    } catch {
      return [`"${address}" is no multiaddress; write /ip4/192.0.2.1/tcp/7946`]
    }
  })
  if (problems.length > 0) throw new ConfigInvalidError('mesh', problems)
  const { clock, random, log } = options
  try {
    const node = await makeNode({ key, clusterKey, listen, announce, mdns, transport })
    const peerIdOf = (text: string): PeerId | undefined => {
      try {
        return peerIdFromString(text)
      } catch {
        return undefined
      }
    }
    return new Made({ node, clock, random, log, isDiscovering: mdns, peerIdOf }, peers)
  } catch (error) {
    throw new ConfigInvalidError('mesh', [`cannot listen: ${messageOf(error)}`])
  }
}
