// The mesh over libp2p: who is connected, and which part carries what. No exception leaves it, whatever peers do.

import type { Multiaddr } from '@multiformats/multiaddr'
import { messageOf } from '../core/error-text.ts'
import type { Body, Envelope, Whereabouts } from '../core/protocol.ts'
import type { Mesh, MeshListener, Subject } from '../ports/mesh.ts'
import {
  beatProtocol,
  type Channel,
  channelOf,
  channels,
  protocolOf,
  questionProtocolOf,
  subjects
} from './channels.ts'
import { encodeEnvelope } from './codec.ts'
import { Complaints } from './complaints.ts'
import { Heartbeat } from './heartbeat.ts'
import { Inbound } from './inbound.ts'
import type { Connection, Stream } from './libp2p-node.ts'
import { Link } from './link.ts'
import {
  beatStreamsMax,
  connectionsPerPeerMax,
  inboundStreamsMax,
  questionsMax
} from './mesh-limits.ts'
import { Peers } from './peers.ts'
import { answerOver, askOver } from './questions.ts'
import { Rumours } from './rumours.ts'
import { Seeds } from './seeds.ts'
import { connectionTo, type Surroundings } from './surroundings.ts'
import { addressesPerNodeMax, frameBytesMax } from './wire-limits.ts'

export class Libp2pMesh implements Mesh {
  readonly peer: string
  readonly #around: Surroundings
  readonly #peers: Peers
  readonly #seeds: Seeds
  readonly #heartbeat: Heartbeat
  readonly #inbound: Inbound
  readonly #rumours: Rumours
  readonly #complaints: Complaints
  readonly #links = new Map<string, Link>()
  readonly #reachable = new Set<string>()
  #listener: MeshListener | undefined
  #cluster = ''
  #dropped = 0
  #isStopped = false

  constructor(around: Surroundings, seeds: readonly string[]) {
    this.#around = around
    this.peer = around.node.peerId.toString()
    this.#peers = new Peers(around)
    this.#seeds = new Seeds(around, seeds)
    this.#heartbeat = new Heartbeat(around, beatProtocol)
    this.#complaints = new Complaints(around.clock, around.log)
    this.#inbound = new Inbound(around, this.#complaints)
    this.#rumours = new Rumours(around, this.#inbound)
  }

  addresses(): readonly string[] {
    const bare = this.#around.node.getMultiaddrs().map(withoutPeer)
    const elsewhere = bare.filter(address => !/^\/ip4\/127\.|^\/ip6\/::1\//.test(address))
    return [...new Set(elsewhere.length > 0 ? elsewhere : bare)].slice(0, addressesPerNodeMax)
  }

  /** What went wrong so far: frames that were no messages, that never left, and pauses of peers that said too much. */
  counts(): { readonly refused: number; readonly dropped: number; readonly pauses: number } {
    const links = [...this.#links.values()]
    return {
      refused: this.#complaints.count,
      dropped: this.#dropped + links.reduce((sum, link) => sum + link.dropped, 0),
      pauses: this.#inbound.pauses
    }
  }

  listen(listener: MeshListener): void {
    const { node, log } = this.#around
    const isFirst = this.#listener === undefined
    this.#listener = listener
    // A house that is built anew takes the place of the one that crashed, and knows of nobody yet.
    if (!isFirst) {
      for (const peer of this.#reachable) this.#tell(() => listener.onReachable(peer, true))
      return
    }
    node.addEventListener('connection:open', ({ detail }) => this.#onOpen(detail))
    node.addEventListener('connection:close', ({ detail }) => this.#onClose(detail))
    node.addEventListener('peer:discovery', ({ detail: { id, multiaddrs } }) => {
      this.#peers.discover(id.toString(), multiaddrs.map(withoutPeer))
    })
    this.#rumours.listen((peer, envelope) => {
      this.#tell(() => this.#listener?.onRumour(peer, envelope))
    })
    this.setCluster(this.#cluster)
    this.#handleStreams().catch((error: unknown) => {
      log.error({ problem: messageOf(error) }, 'the mesh cannot take streams')
    })
    for (const connection of node.getConnections()) this.#onOpen(connection)
    this.#heartbeat.start()
    this.#seeds.start()
  }

  send(peer: string, envelope: Envelope): void {
    const channel = channelOf(envelope.body.type)
    const frame = channel === undefined ? undefined : this.#frameOf(envelope)
    if (channel === undefined || frame === undefined || this.#isStopped) return
    this.#linkTo(peer, channel).send(frame)
  }

  async ask(peer: string, question: Uint8Array, subject: Subject): Promise<Uint8Array> {
    const protocol = questionProtocolOf[subject]
    return await askOver(this.#peers.connect(peer), protocol, question, this.#around)
  }

  setCluster(cluster: string): void {
    this.#cluster = cluster
    this.#rumours.join(cluster)
  }

  publish(envelope: Envelope): void {
    this.#tell(() => this.#rumours.publish(envelope))
  }

  learn(whereabouts: readonly Whereabouts[]): void {
    for (const { peer, addresses } of whereabouts) this.#peers.learn(peer, addresses)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#heartbeat.stop()
    this.#seeds.stop()
    this.#peers.stop()
    for (const link of this.#links.values()) link.stop()
    try {
      await this.#around.node.stop()
    } catch (error) {
      this.#around.log.warn({ problem: messageOf(error) }, 'the mesh did not stop cleanly')
    }
  }

  async #handleStreams(): Promise<void> {
    const { node } = this.#around
    for (const channel of channels) {
      const take = (peer: string, envelope: Envelope) => {
        this.#tell(() => this.#listener?.onMessage(peer, envelope))
      }
      await node.handle(
        protocolOf[channel],
        (stream: Stream, connection: Connection) => {
          void this.#inbound.read(stream, connection.remotePeer.toString(), channel, take)
        },
        { maxInboundStreams: inboundStreamsMax, maxOutboundStreams: inboundStreamsMax }
      )
    }
    await node.handle(
      beatProtocol,
      (stream: Stream, connection: Connection) => this.#heartbeat.hear(stream, connection),
      { maxInboundStreams: beatStreamsMax, maxOutboundStreams: beatStreamsMax }
    )
    for (const subject of subjects) {
      await node.handle(
        questionProtocolOf[subject],
        (stream: Stream, connection: Connection) => this.#answer(stream, connection, subject),
        { maxInboundStreams: questionsMax, maxOutboundStreams: questionsMax * 4 }
      )
    }
  }

  #answer(stream: Stream, connection: Connection, subject: Subject): void {
    const peer = connection.remotePeer.toString()
    const answer = async (_peer: string, question: Uint8Array) => {
      const debtMs = this.#inbound.allowanceOf(peer).charge(question.length)
      if (debtMs > 0) throw new Error('the peer asks too much')
      if (this.#listener === undefined) throw new Error('nobody answers here yet')
      return await this.#listener.onAsked(peer, question, subject)
    }
    void answerOver(stream, peer, answer, this.#around)
  }

  #frameOf(envelope: Envelope): Uint8Array | undefined {
    const { log } = this.#around
    const type: Body['type'] = envelope.body.type
    try {
      const frame = encodeEnvelope(envelope)
      if (frame.length <= frameBytesMax) return frame
      log.error({ type, bytes: frame.length }, 'a message is too long and was not sent')
    } catch (error) {
      log.error({ type, problem: messageOf(error) }, 'a message cannot be written and was not sent')
    }
    return undefined
  }

  #linkTo(peer: string, channel: Channel): Link {
    const name = `${channel} ${peer}`
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const link = new Link(this.#around, {
      peer,
      protocol: protocolOf[channel],
      connect: other => this.#peers.connect(other)
    })
    this.#links.set(name, link)
    return link
  }

  #onOpen(connection: Connection): void {
    const peer = connection.remotePeer.toString()
    this.#heartbeat.onOpen(connection)
    const all = this.#around.node.getConnections(connection.remotePeer)
    for (const old of all.slice(0, -connectionsPerPeerMax)) old.abort(new Error('too many'))
    for (const channel of channels) this.#links.get(`${channel} ${peer}`)?.renew()
    if (this.#reachable.has(peer)) return
    this.#reachable.add(peer)
    this.#tell(() => this.#listener?.onReachable(peer, true))
  }

  #onClose(connection: Connection): void {
    const peer = connection.remotePeer.toString()
    this.#heartbeat.onClose(connection)
    if (this.#isStopped || connectionTo(this.#around, peer) !== undefined) return
    if (!this.#reachable.delete(peer)) return
    this.#forgetLinks()
    this.#peers.onClosed(peer)
    this.#seeds.onClosed(peer)
    this.#tell(() => this.#listener?.onReachable(peer, false))
  }

  #forgetLinks(): void {
    for (const [name, link] of this.#links) {
      if (!link.isIdle) continue
      this.#dropped += link.dropped
      this.#links.delete(name)
    }
  }

  /** What a listener throws is our own mistake; the peer's connection does not suffer for it. */
  #tell(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#around.log.error({ problem: messageOf(error) }, 'a message was not taken')
    }
  }
}

function withoutPeer(address: Multiaddr): string {
  return address.toString().replace(/\/p2p\/[^/]+$/, '')
}
