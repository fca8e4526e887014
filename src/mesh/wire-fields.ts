// The fields of messages as they travel: an array of plain msgpack values, each one checked before it is
// believed. Readers throw FrameInvalidError, which decodeEnvelope turns into a value.

import { assert } from '../core/assert.ts'
import { FrameInvalidError } from '../core/errors.ts'

/** What msgpack is made from. */
export type Wire = number | string | null | Uint8Array | readonly Wire[]

const control = /[\p{Cc}\p{Cs}]/u

/** The fields of one thing. Those behind the known ones come from a later release and are left alone. */
export function fieldsOf(value: unknown, atLeast: number, what: string): readonly unknown[] {
  if (!Array.isArray(value)) fail(`${what} is no array`)
  if (value.length < atLeast) fail(`${what} has ${value.length} fields; ${atLeast} are needed`)
  return value
}

export function listOf<T>(
  value: unknown,
  max: number,
  what: string,
  read: (item: unknown) => T
): readonly T[] {
  if (!Array.isArray(value)) fail(`${what} is no array`)
  if (value.length > max) fail(`${what} has ${value.length} elements; the limit is ${max}`)
  return value.map(read)
}

export function countOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    fail(`${what} is no count`)
  }
  return value === 0 ? 0 : value
}

export function textOf(value: unknown, max: number, what: string): string {
  if (typeof value !== 'string') fail(`${what} is no text`)
  if (value.length > max) fail(`${what} has ${value.length} characters; the limit is ${max}`)
  if (control.test(value)) fail(`${what} has control characters`)
  return value
}

export function wordOf<Word extends string>(
  value: unknown,
  words: ReadonlySet<Word>,
  what: string
): Word {
  if (typeof value !== 'string' || !(words as ReadonlySet<string>).has(value)) {
    fail(`${what} is unknown`)
  }
  return value as Word
}

export function bytesOf(value: unknown, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) fail(`${what} is not made of bytes`)
  return value
}

/** Hexadecimal digits, which travel as bytes: exactly `bytes` of them. */
export function hexOf(value: unknown, bytes: number, what: string): string {
  const digits = hexUpTo(value, bytes, what)
  if (digits.length !== bytes * 2) fail(`${what} has ${digits.length} digits, not ${bytes * 2}`)
  return digits
}

export function hexUpTo(value: unknown, bytesMax: number, what: string): string {
  const bytes = bytesOf(value, what)
  if (bytes.length > bytesMax) fail(`${what} has ${bytes.length} bytes; the limit is ${bytesMax}`)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** A field that may be missing: null, or not there since the sender is older. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === null || value === undefined ? undefined : read(value)
}

export function hexToWire(digits: string): Uint8Array {
  const bytes = Buffer.from(digits, 'hex')
  assert(bytes.length * 2 === digits.length, `"${digits}" is not made of hexadecimal digits`)
  return bytes
}

export function fail(problem: string): never {
  throw new FrameInvalidError(problem)
}
