// Members of JSON objects as Go's decoder finds them: whatever the case of the letters, the last one wins.
// Runtimes written in Go rely on it (containerd sends `Servers` where others send `servers`).

import { isObject, type Json } from '../core/fields.ts'
import { CniError, cniCodes } from './cni-error.ts'

/** The member of this lower-case name; undefined when it is absent or null. */
export function member(object: Json, name: string): unknown {
  let found: unknown
  for (const key in object) if (key.toLowerCase() === name) found = object[key]
  return found ?? undefined
}

/** As `member` for many in one go: those that are there, by their names as they are asked for. */
export function members(object: Json, names: readonly string[]): Json {
  const asked = new Map(names.map(name => [name.toLowerCase(), name]))
  const found: Record<string, unknown> = {}
  for (const key in object) {
    const name = asked.get(key.toLowerCase())
    if (name !== undefined) found[name] = object[key]
  }
  return found
}

/** As `member`, for an object. Another type is code 6: the reference could not decode it either. */
export function objectMember(object: Json, name: string, where: string): Json | undefined {
  const value = member(object, name)
  if (value === undefined || isObject(value)) return value
  throw wrongType(where, 'an object')
}

export function stringMember(object: Json, name: string, where: string): string | undefined {
  const value = member(object, name)
  if (value === undefined || typeof value === 'string') return value
  throw wrongType(where, 'a string')
}

export function booleanMember(object: Json, name: string, where: string): boolean | undefined {
  const value = member(object, name)
  if (value === undefined || typeof value === 'boolean') return value
  throw wrongType(where, 'true or false')
}

export function stringsMember(object: Json, name: string, where: string): string[] | undefined {
  const value = member(object, name)
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
  throw wrongType(where, 'a list of strings')
}

export function objectsMember(object: Json, name: string, where: string): Json[] | undefined {
  const value = member(object, name)
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every(isObject)) return value
  throw wrongType(where, 'a list of objects')
}

function wrongType(where: string, what: string): CniError {
  return new CniError(cniCodes.undecodable, `network configuration: ${where} must be ${what}`)
}
