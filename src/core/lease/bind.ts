// For whom an address is kept while nobody uses it: written into its register, so that it goes wherever custody goes
// and every node knows it. It decides who gets the address next, never who has it.

import { assert } from '../assert.ts'

export interface Bind {
  /** Who it is for, in words: `StatefulSet/default/web-0/eth0`. At most `bindBytesMax` bytes of UTF-8. */
  readonly holder: string
  /** Which of its holder's addresses of a family counts, when it has several: the highest. From 1. */
  readonly generation: number
}

/** With its frame a third of what a tail may have. */
export const bindBytesMax = 160

/** The fields of a tail: a byte that says what it is, one for its length, so many bytes. Unknown ones are kept. */
const bindField = 1
const generationBytes = 4
const generationMax = 2 ** 32 - 1

/** What a register's tail says; undefined when it says nothing, or nothing that can be read. */
export function bindOf(tail: string): Bind | undefined {
  const value = fieldsOf(tail).find(([type]) => type === bindField)?.[1]
  if (value === undefined || value.length <= generationBytes) return undefined
  const generation = Buffer.from(value).readUInt32BE(0)
  const holder = new TextDecoder().decode(value.subarray(generationBytes))
  return { holder, generation }
}

/** The tail with this bind, or with none. */
export function tailWith(tail: string, bind: Bind | undefined): string {
  const others = fieldsOf(tail).filter(([type]) => type !== bindField)
  const fields = bind === undefined ? others : [...others, [bindField, valueOf(bind)] as const]
  return fields
    .map(([type, value]) => Buffer.from([type, value.length, ...value]).toString('hex'))
    .join('')
}

/** Can this holder be written into a register? */
export function isBindable(holder: string): boolean {
  return holder !== '' && Buffer.byteLength(holder) <= bindBytesMax
}

function valueOf({ holder, generation }: Bind): Uint8Array {
  assert(isBindable(holder), 'a bind has its limits')
  const value = Buffer.alloc(generationBytes + Buffer.byteLength(holder))
  value.writeUInt32BE(Math.min(generation, generationMax))
  value.write(holder, generationBytes)
  return value
}

/** As far as they can be read: what comes after a field that is cut off says nothing. */
function fieldsOf(tail: string): (readonly [type: number, value: Uint8Array])[] {
  const bytes = Buffer.from(tail, 'hex')
  const fields: (readonly [number, Uint8Array])[] = []
  for (let at = 0; at + 2 <= bytes.length;) {
    const [type = 0, length = 0] = bytes.subarray(at, at + 2)
    const value = bytes.subarray(at + 2, at + 2 + length)
    if (value.length < length) break
    fields.push([type, value])
    at += 2 + length
  }
  return fields
}
