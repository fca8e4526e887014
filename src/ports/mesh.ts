// The way to other nodes. It promises nothing: messages may be lost, doubled, late, out of order; what it
// does promise is who a message came from, since connections are authenticated.

import type { Envelope, Whereabouts } from '../core/protocol.ts'

/** What a question is about: the cluster's registry, or how a node stands, for a person who asks at another one. */
export type Subject = 'registry' | 'look'

export interface MeshListener {
  /** A well-formed message of the peer with this id. */
  onMessage(peer: string, envelope: Envelope): void
  /** As onMessage for what was told to everybody; `peer` has signed it. */
  onRumour(peer: string, envelope: Envelope): void
  /** There is a connection to this peer now, or none any more. */
  onReachable(peer: string, reachable: boolean): void
  /** A question of this peer, as `ask` sends it. A rejection tells the peer nothing but that there is no answer. */
  onAsked(peer: string, question: Uint8Array, subject: Subject): Promise<Uint8Array>
}

export interface Mesh {
  /** This node's libp2p peer id. */
  readonly peer: string
  /** The multiaddresses under which this node can be reached. */
  addresses(): readonly string[]
  /** Begin to listen; before that nothing arrives. */
  listen(listener: MeshListener): void
  /** Try to bring it there: at once when connected, else after dialling. Drops what waits too long. */
  send(peer: string, envelope: Envelope): void
  /**
   * Ask over a stream of its own and wait for the answer, which was therefore given after the question.
   * Rejects when the peer cannot be reached or does not answer in time.
   */
  ask(peer: string, question: Uint8Array, subject: Subject): Promise<Uint8Array>
  /** Joins the rumours of this cluster, and leaves those of another. */
  setCluster(cluster: string): void
  /** Tell everybody of the cluster who listens. */
  publish(envelope: Envelope): void
  /** Where a peer may be found; the latest word wins. */
  learn(whereabouts: readonly Whereabouts[]): void
}
