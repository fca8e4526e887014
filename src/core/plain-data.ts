// Whatever a program has in its hands as plain data for a person or a JSON reader: without cycles, without secrets,
// and never larger than its limits, however large the thing is.

import { formatAddress, isAddress } from './address.ts'
import { type AddressRange, formatRange } from './address-range.ts'
import { AddressSet } from './address-set.ts'

/** How deep a person follows, how many of a list he reads, how long a text may be. */
const depthMax = 6
const itemsMax = 32
const textMax = 256

/** In all: what is left of a thing that has more says so. */
const nodesMax = 1_000

/** Values of these names are nobody's business, whoever asks. */
const secretName = /secret|token|password|nonce|session|private/i
const secretKey = /^[0-9a-f]{64,}$/

/** Numbers of these names are addresses, as every bigint of that range that is not called a count or a time. */
const countName = /^(total|used|cooling|free|kept|size|count|ns|owned|waiting)$/

/** JSON of it has at most some tens of kilobytes. */
export function plainData(value: unknown): unknown {
  return new Printer().print(value, '', 0)
}

class Printer {
  #left = nodesMax

  print(value: unknown, name: string, depth: number): unknown {
    this.#left -= 1
    if (this.#left < 0) return '...'
    switch (typeof value) {
      case 'string':
        return isSecret(name, value) ? '(hidden)' : cut(value)
      case 'bigint':
        return isAddress(value) && !countName.test(name) ? formatAddress(value) : value.toString()
      case 'function':
        return '(reply)'
      case 'symbol':
        return '(symbol)'
      case 'object':
        return value === null ? null : this.#object(value, name, depth)
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'boolean':
      case 'undefined':
        return value
    }
  }

  #object(value: object, name: string, depth: number): unknown {
    if (secretName.test(name) && value instanceof Uint8Array) return '(hidden)'
    if (value instanceof Uint8Array) return `(${value.length} bytes)`
    if (value instanceof Error) return cut(value.message)
    if ('tell' in value && 'insist' in value && 'name' in value)
      return `(actor ${value.name as string})`
    if (depth >= depthMax) return '...'
    if (value instanceof AddressSet) return this.#list(value.ranges(), name, depth)
    if (isRange(value)) return this.#range(value, depth)
    if (value instanceof Map) return this.#members(value, depth)
    if (Array.isArray(value) || value instanceof Set) return this.#list(value, name, depth)
    return this.#members(Object.entries(value), depth)
  }

  /** Alone as people write it, else beside what it says of its addresses. */
  #range({ start, end, ...more }: AddressRange, depth: number): unknown {
    const range = formatRange({ start, end })
    if (Object.keys(more).length === 0) return range
    return this.#members([['range', range], ...Object.entries(more)], depth)
  }

  #list(values: Iterable<unknown>, name: string, depth: number): unknown[] {
    const shown: unknown[] = []
    let more = 0
    for (const value of values) {
      if (shown.length < itemsMax && this.#left > 0) shown.push(this.print(value, name, depth + 1))
      else more += 1
    }
    if (more > 0) shown.push(`... and ${more} more`)
    return shown
  }

  #members(entries: Iterable<readonly [unknown, unknown]>, depth: number): Record<string, unknown> {
    const shown: Record<string, unknown> = {}
    let [count, more] = [0, 0]
    for (const [key, value] of entries) {
      const name = typeof key === 'bigint' ? String(this.print(key, '', depth)) : String(key)
      if (value === undefined) continue
      if (count < itemsMax && this.#left > 0) {
        Object.defineProperty(shown, cut(name), {
          value: this.print(value, name, depth + 1),
          enumerable: true,
          configurable: true
        })
        count += 1
      } else more += 1
    }
    if (more > 0) shown['...'] = `and ${more} more`
    return shown
  }
}

function isSecret(name: string, value: string): boolean {
  return secretName.test(name) || (name === 'key' && secretKey.test(value))
}

function isRange(value: object): value is AddressRange {
  if (!('start' in value && 'end' in value)) return false
  return typeof value.start === 'bigint' && typeof value.end === 'bigint'
}

function cut(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax)}... (${text.length} characters)`
}
