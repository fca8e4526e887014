// What a message costs on the wire beyond its own bytes, and how much of everything is said when nobody says
// anything. Taken from the formats; nothing here is measured.

import {
  heartbeatMs,
  heartbeatMsMax,
  heartbeatMsPerConnection
} from '../../../src/mesh/mesh-limits.ts'

/** Header of IPv4 and of TCP with time stamps. */
const packet = 20 + 32
/** A length of ours, a yamux header, and noise's length and tag. */
const frame = 4 + 12 + 18
/** A yamux header with noise's length and tag around it. */
const muxed = 12 + 18

/** One message in a packet of its own, and the acknowledgement of it. Both ends together see this once each. */
export const aroundMessage = frame + 2 * packet

/** A question opens a stream: four packets each way with the names of two protocols, and their acknowledgements. */
export const aroundQuestion = 2 * (4 * (muxed + 2 * packet) + 20 + 23)

/** Signs of life of a node with so many connections, in bytes a second: a byte each way on each of them. */
export function lifeBytesPerSecond(connections: number): number {
  const wantedMs = connections * heartbeatMsPerConnection
  const everyMs = Math.min(Math.max(wantedMs, heartbeatMs), heartbeatMsMax)
  return (connections * 2 * (1 + muxed + 2 * packet) * 1_000) / everyMs
}

// GOSSIPSUB (its specification, v1.1, and the defaults of @libp2p/gossipsub 17)

/** Degree of the mesh: as many copies of each rumour come to a node, one of them first. */
const degree = 6
/** Author, number, topic, signature and their tags, around the data of a signed message. */
const signed = 190
/** Of all peers outside the mesh this share is told what there was, and at least so many. */
const lazyShare = 0.25
const lazyMin = 6
/** Each id is told in so many heartbeats; it is an author and a number. */
const idHeartbeats = 3
const idBytes = 48

/** What one rumour costs one node, in and out, in a cluster of this size. */
export function rumourBytes(encoded: number, peers: number): number {
  const copies = Math.min(degree, peers)
  const outside = Math.max(0, peers - degree)
  const lazy = Math.min(outside, Math.max(lazyMin, lazyShare * outside))
  const whole = copies * (encoded + signed + muxed + 2 * packet)
  return 2 * (whole + lazy * idHeartbeats * idBytes)
}
