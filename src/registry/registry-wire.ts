// Questions to the registrar and its answers, as bytes of a stream between two nodes. Everything is
// validated; fields that are not known are ignored.

import { Packr, Unpackr } from 'msgpackr'
import { FrameInvalidError } from '../core/errors.ts'
import { isObject, type Json } from '../core/fields.ts'
import { recordBytesMax } from '../core/registry/record-text.ts'
import type { Appended, LogSlice } from '../ports/registry.ts'
import { sliceBytesMax, sliceRecordsMax } from './record-log.ts'

export type Question =
  | { readonly type: 'Read'; readonly from: number }
  | { readonly type: 'Append'; readonly index: number; readonly record: Uint8Array }

export type Answer =
  | ({ readonly type: 'Slice' } & LogSlice)
  | Appended
  /** Not here; `registrar` is the peer id of the one that this node believes in, and where that may be. */
  | {
      readonly type: 'Redirect'
      readonly registrar?: string
      readonly addresses?: readonly string[]
      /** How many records this node has a copy of. */
      readonly head: number
    }

/** For what stands around the records of a message. */
const overheadBytes = 16 * 1024
export const questionBytesMax = recordBytesMax + overheadBytes
export const answerBytesMax = sliceBytesMax + overheadBytes

/** Sentences of the registrar are far shorter. */
const whyLengthMax = 8 * 1024
const peerLengthMax = 128
const addressLengthMax = 256
const addressesMax = 16

const packr = new Packr({ useRecords: false })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'bigint' })

export function encodeQuestion(question: Question): Uint8Array {
  return packr.pack(question)
}

export function encodeAnswer(answer: Answer): Uint8Array {
  return packr.pack(answer)
}

/** Throws FrameInvalidError for whatever is no question. */
export function decodeQuestion(bytes: Uint8Array): Question {
  const map = decodeMap(bytes, questionBytesMax)
  switch (map['type']) {
    case 'Read':
      return { type: 'Read', from: indexOf(map, 'from', 1) }
    case 'Append':
      return {
        type: 'Append',
        index: indexOf(map, 'index', 1),
        record: recordOf(map['record'])
      }
    default:
      throw new FrameInvalidError('a question for the registry of an unknown type')
  }
}

/** Throws FrameInvalidError for whatever is no answer. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const map = decodeMap(bytes, answerBytesMax)
  switch (map['type']) {
    case 'Slice':
      return sliceOf(map)
    case 'Appended':
    case 'Conflict':
      return { type: map['type'] }
    case 'Refused':
      return { type: 'Refused', why: textOf(map, 'why', whyLengthMax) }
    case 'Redirect':
      return redirectOf(map)
    default:
      throw new FrameInvalidError('an answer of the registry of an unknown type')
  }
}

function redirectOf(map: Json): Answer {
  const head = map['head'] === undefined ? 0 : indexOf(map, 'head', 0)
  if ((map['registrar'] ?? undefined) === undefined) return { type: 'Redirect', head }
  const registrar = textOf(map, 'registrar', peerLengthMax)
  return { type: 'Redirect', registrar, addresses: addressesOf(map['addresses']), head }
}

/** Multiaddresses; what is none is left out, as the dialling would. */
function addressesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  const texts = value.filter((one): one is string => typeof one === 'string')
  return texts.filter(({ length }) => length <= addressLengthMax).slice(0, addressesMax)
}

function sliceOf(map: Json): Answer {
  const { hash, records } = map
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    throw new FrameInvalidError('registry field hash must be 64 hexadecimal digits')
  }
  const head = indexOf(map, 'head', 0)
  if (!Array.isArray(records) || records.length > Math.min(sliceRecordsMax, head)) {
    throw new FrameInvalidError('registry field records must be a list that is not too long')
  }
  return { type: 'Slice', head, hash, records: records.map(recordOf) }
}

function decodeMap(bytes: Uint8Array, most: number): Json {
  if (bytes.length > most) {
    throw new FrameInvalidError(`a registry message of ${bytes.length} bytes; the limit is ${most}`)
  }
  let map: unknown
  try {
    map = unpackr.unpack(bytes)
  } catch (error) {
    throw new FrameInvalidError('a registry message that is no msgpack', { cause: error })
  }
  if (!isObject(map)) throw new FrameInvalidError('a registry message that is no msgpack map')
  return map
}

function indexOf(map: Json, name: string, least: number): number {
  const value = map[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
  throw new FrameInvalidError(`registry field ${name} must be an integer of at least ${least}`)
}

/** Copied, since what msgpack gives is a window of the whole message. */
function recordOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length <= recordBytesMax) {
    return new Uint8Array(value)
  }
  throw new FrameInvalidError(`a registry record must be at most ${recordBytesMax} bytes`)
}

function textOf(map: Json, name: string, most: number): string {
  const value = map[name]
  if (typeof value === 'string' && value.length > 0 && value.length <= most) return value
  throw new FrameInvalidError(`registry field ${name} must be a text of 1 to ${most} characters`)
}
