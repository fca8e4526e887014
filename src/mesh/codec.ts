// Messages to bytes and back (docs/wire.md). Nothing that arrives is believed before each field was looked at,
// and whatever arrives, the answer is a value.

import { Packr, Unpackr } from 'msgpackr'
import { messageOf } from '../core/error-text.ts'
import type { Envelope } from '../core/protocol.ts'
import { bodyFromWire, bodyToWire } from './body-codec.ts'
import { shapeProblem } from './msgpack-shape.ts'
import { incarnationBytes, speakerFromWire, speakerToWire } from './session-codec.ts'
import { countOf, fail, fieldsOf, hexToWire, hexUpTo, optional, type Wire } from './wire-fields.ts'
import { frameBytesMax } from './wire-limits.ts'

const packr = new Packr({ useRecords: false })
/** Maps of later releases become a Map, which has no prototype to spoil. */
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, int64AsType: 'number' })

/** Bytes of its own. A message that breaks the limits of wire-limits.ts is a mistake of ours. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const { version, cluster, from, to, registry, body } = envelope
  const fields: Wire = [
    version,
    hexToWire(cluster),
    speakerToWire(from),
    to === undefined ? null : speakerToWire(to),
    registry,
    body.type,
    bodyToWire(body)
  ]
  return packr.pack(fields)
}

/** Never throws, whatever the bytes are. A message of a type that this release does not know is a problem, too. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | { readonly problem: string } {
  if (bytes.length > frameBytesMax) return { problem: `a message of ${bytes.length} bytes` }
  const problem = shapeProblem(bytes)
  if (problem !== undefined) return { problem }
  try {
    return envelopeOf(unpackr.unpack(bytes))
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

function envelopeOf(value: unknown): Envelope {
  const [version, cluster, from, to, registry, type, body] = fieldsOf(value, 7, 'message')
  const receiver = optional(to, speakerFromWire)
  return {
    version: countOf(version, 'version'),
    cluster: clusterOf(cluster),
    from: speakerFromWire(from),
    ...(receiver === undefined ? {} : { to: receiver }),
    registry: countOf(registry, 'registry'),
    body: bodyFromWire(type, body)
  }
}

/** A cluster's name has the length of an incarnation, or is not known yet. */
function clusterOf(value: unknown): string {
  const cluster = hexUpTo(value, incarnationBytes, 'cluster')
  if (cluster !== '' && cluster.length !== incarnationBytes * 2) fail('cluster is cut short')
  return cluster
}
