// One libp2p node as Orbweaver needs it. Loaded when it is made and not before: libp2p and what belongs to it
// take a good part of a second, and a daemon answers from its own state meanwhile.

import { createHash } from 'node:crypto'
import type { GossipSub } from '@libp2p/gossipsub'
import type { Libp2p } from 'libp2p'
import {
  addressDialMs,
  connectionsMax,
  connectionsPerHostPerSecond,
  dialAddressesMax,
  dialMs,
  dialsMax,
  dialsWaitingMax,
  pendingConnectionsMax,
  streamWindowBytes
} from './mesh-limits.ts'
import { rumourBytesMax } from './wire-limits.ts'

export type Node = Libp2p<{ pubsub: GossipSub }>
export type Connection = ReturnType<Libp2p['getConnections']>[number]
export type Stream = Awaited<ReturnType<Connection['newStream']>>
export type PeerId = Connection['remotePeer']

export interface NodeOptions {
  /** The seed of the Ed25519 key pair, 64 hexadecimal digits. */
  readonly key: string
  /** What the file of the cluster's key holds. */
  readonly clusterKey: Uint8Array
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly mdns: boolean
  readonly transport: 'tcp' | 'memory'
}

/** A node that listens. Rejects when it cannot. */
export async function makeNode(options: NodeOptions): Promise<Node> {
  const { createLibp2p } = await import('libp2p')
  const [{ noise }, { yamux }, { identify }, { preSharedKey }, { generateKeyPairFromSeed }] =
    await Promise.all([
      import('@chainsafe/libp2p-noise'),
      import('@chainsafe/libp2p-yamux'),
      import('@libp2p/identify'),
      import('@libp2p/pnet'),
      import('@libp2p/crypto/keys')
    ])
  const { gossipsub } = await import('@libp2p/gossipsub')
  const services = {
    identify: identify(),
    pubsub: gossipsub({
      globalSignaturePolicy: 'StrictSign',
      allowPublishToZeroTopicPeers: true,
      emitSelf: false,
      maxInboundDataLength: rumourBytesMax,
      maxOutboundBufferSize: 4 * 1024 * 1024,
      maxTopicBytesPerPeer: 64 * 1024
    })
  }
  return await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', Buffer.from(options.key, 'hex')),
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [await transportOf(options.transport)],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        // heartbeat.ts does it.
        enableKeepAlive: false,
        maxInboundStreams: 128,
        maxOutboundStreams: 128,
        streamOptions: { maxStreamWindowSize: streamWindowBytes }
      })
    ],
    connectionProtector: preSharedKey({ psk: options.clusterKey, timeout: addressDialMs }),
    connectionManager: {
      maxConnections: connectionsMax,
      inboundConnectionThreshold: connectionsPerHostPerSecond,
      maxIncomingPendingConnections: pendingConnectionsMax,
      maxParallelDials: dialsMax,
      maxDialQueueLength: dialsWaitingMax,
      maxPeerAddrsToDial: dialAddressesMax,
      dialTimeout: dialMs,
      addressDialTimeout: addressDialMs,
      inboundUpgradeTimeout: dialMs
    },
    connectionMonitor: { enabled: false },
    peerDiscovery: options.mdns ? [await discoveryOf(options.clusterKey)] : [],
    services
  })
}

async function transportOf(name: NodeOptions['transport']) {
  if (name === 'memory') return (await import('@libp2p/memory')).memory()
  return (await import('@libp2p/tcp')).tcp({
    dialOpts: { noDelay: true },
    listenOpts: { noDelay: true }
  })
}

/** Clusters on one link do not see each other: the name they ask for comes from the key, and does not tell it. */
async function discoveryOf(clusterKey: Uint8Array) {
  const { mdns } = await import('@libp2p/mdns')
  const tag = createHash('sha256').update('mdns').update(clusterKey).digest('hex').slice(0, 16)
  return mdns({ serviceTag: `_orbweaver-${tag}._udp.local`, interval: 10_000 })
}
