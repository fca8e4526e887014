// What the executed plugin asks, decoded field by field (docs/wire.md).

import { Unpackr } from 'msgpackr'
import { FrameInvalidError } from '../core/errors.ts'

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
  /** The network configuration as JSON text in UTF-8, not yet looked at. */
  readonly conf: Buffer
}

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
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new FrameInvalidError('a request that is no msgpack map')
  }
  const fields = map as Record<string, unknown>
  return {
    role: text(fields, 'role'),
    verb: text(fields, 'verb'),
    containerId: bytesAsText(fields, 'cid'),
    netns: bytesAsText(fields, 'netns'),
    ifname: bytesAsText(fields, 'ifname'),
    args: bytesAsText(fields, 'args'),
    start: unsigned(fields, 'start'),
    budget: Math.min(Number(unsigned(fields, 'budget')), budgetMsMax),
    boot: fields['boot'] === undefined ? undefined : text(fields, 'boot'),
    conf: bytes(fields, 'conf')
  }
}

function text(fields: Record<string, unknown>, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  throw new FrameInvalidError(`request field ${name} must be a string`)
}

function bytes(fields: Record<string, unknown>, name: string): Buffer {
  const value = fields[name]
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length)
  throw new FrameInvalidError(`request field ${name} must be binary`)
}

/** Bytes that are no UTF-8 become U+FFFD, which no valid name contains. */
function bytesAsText(fields: Record<string, unknown>, name: string): string {
  return bytes(fields, name).toString('utf8')
}

function unsigned(fields: Record<string, unknown>, name: string): bigint {
  const value = fields[name]
  if (typeof value === 'bigint' && value >= 0n) return value
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  throw new FrameInvalidError(`request field ${name} must be an unsigned integer`)
}
