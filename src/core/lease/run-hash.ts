// 64 bits for a run, so that the hash of a whole domain is the exclusive or of its runs and follows every
// change at the cost of that change. Against accidents only: nobody is trusted because of it.

import type { Run } from './register.ts'

/** Two halves of 32 bits each. */
export type RunHash = readonly [high: number, low: number]

export function hashOf({ start, end, register }: Run): RunHash {
  const { fence, seq, owner, writer, wctr, tail } = register
  const text = `${start.toString(36)} ${end.toString(36)} ${fence} ${seq} ${owner} ${writer} ${wctr} ${tail}`
  let [a, b] = [0x2545f491, 0x6c8e9cf5]
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    a = turn(Math.imul(a ^ code, 0x9e3779b1), 13)
    b = turn(Math.imul(b ^ code, 0x85ebca77), 17)
  }
  return [settle(a ^ settle(b)), settle(b ^ turn(a, 7))]
}

/** 16 hexadecimal digits. */
export function formatHash([high, low]: RunHash): string {
  return hex(high) + hex(low)
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0')
}

function turn(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** Every bit that comes in moves about half of the bits that go out, or exclusive or would cancel patterns. */
function settle(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
