// What the executed plugin asks, decoded field by field (docs/wire.md).

import { Unpackr } from 'msgpackr'
import { FrameInvalidError } from '../core/errors.ts'
import { isObject, type Json } from '../core/fields.ts'
import { parseTraceparent, type TraceContext } from '../core/trace-context.ts'

export interface PluginRequest {
  /** The name that the plugin was executed by. */
  readonly role: string
  readonly verb: string
  readonly containerId: string
  readonly netns: string
  readonly ifname: string
  readonly args: string
  /** Nanoseconds of CLOCK_BOOTTIME when the plugin started. */
  readonly start: bigint
  /** Milliseconds the plugin will still wait. */
  readonly budget: number
  /** The boot id of `start`; only in the deletion queue. */
  readonly boot: string | undefined
  /** The trace that the runtime asks in; undefined when it says none. */
  readonly trace: TraceContext | undefined
  /** The network configuration as JSON text in UTF-8, not yet looked at. */
  readonly conf: Buffer
}

/** What a column of the store can hold. */
const integerMax = 2n ** 63n - 1n

/** How long a budget may be: a runtime that waits longer is not one we know. */
const budgetMsMax = 60 * 60 * 1_000

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' })

/** Throws FrameInvalidError for whatever is no request. Unknown fields are ignored. */
export function decodeRequest(frame: Buffer): PluginRequest {
  let map: unknown
  try {
    map = unpackr.unpack(frame)
  } catch (error) {
    throw new FrameInvalidError('a request that is no msgpack', { cause: error })
  }
  if (!isObject(map)) throw new FrameInvalidError('a request that is no msgpack map')
  return {
    role: text(map, 'role'),
    verb: text(map, 'verb'),
    containerId: bytesAsText(map, 'cid'),
    netns: bytesAsText(map, 'netns'),
    ifname: bytesAsText(map, 'ifname'),
    args: bytesAsText(map, 'args'),
    start: unsigned(map, 'start'),
    budget: Math.min(Number(unsigned(map, 'budget')), budgetMsMax),
    boot: map['boot'] === undefined ? undefined : text(map, 'boot'),
    trace: map['trace'] === undefined ? undefined : parseTraceparent(bytesAsText(map, 'trace')),
    conf: bytes(map, 'conf')
  }
}

function text(fields: Json, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  throw new FrameInvalidError(`request field ${name} must be a string`)
}

function bytes(fields: Json, name: string): Buffer {
  const value = fields[name]
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length)
  throw new FrameInvalidError(`request field ${name} must be binary`)
}

/** Bytes that are no UTF-8 become U+FFFD, which no valid name contains. */
function bytesAsText(fields: Json, name: string): string {
  return bytes(fields, name).toString('utf8')
}

function unsigned(fields: Json, name: string): bigint {
  const value = fields[name]
  if (typeof value === 'bigint' && value >= 0n && value <= integerMax) return value
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  throw new FrameInvalidError(`request field ${name} must be an unsigned integer of 63 bits`)
}
