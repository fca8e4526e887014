// Looks at the outline of a msgpack value before anything is made of it: a few bytes can claim an array of four
// thousand million elements, and extension types would make objects that nobody asked for.

/** Nesting of the deepest message is 6; the next wire version may need more. */
const depthMax = 16

/** Why these bytes are not exactly one msgpack value of plain types; undefined when they are. */
export function shapeProblem(bytes: Uint8Array): string | undefined {
  const outline = new Outline(bytes)
  const problem = outline.value(0)
  if (problem !== undefined) return problem
  return outline.at === bytes.length ? undefined : 'bytes behind the value'
}

class Outline {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Step over one value. */
  value(depth: number): string | undefined {
    if (this.at >= this.#bytes.length) return 'ends in the middle of a value'
    const token = this.#bytes[this.at++] ?? 0
    if (token <= 0x7f || token >= 0xe0) return undefined
    if (token <= 0x8f) return this.#children((token & 15) * 2, depth)
    if (token <= 0x9f) return this.#children(token & 15, depth)
    if (token <= 0xbf) return this.#skip(token & 31)
    return this.#other(token, depth)
  }

  #other(token: number, depth: number): string | undefined {
    switch (token) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return undefined
      case 0xc4:
      case 0xd9:
        return this.#skip(this.#length(1))
      case 0xc5:
      case 0xda:
        return this.#skip(this.#length(2))
      case 0xc6:
      case 0xdb:
        return this.#skip(this.#length(4))
      case 0xca:
        return this.#skip(4)
      case 0xcb:
        return this.#skip(8)
      case 0xdc:
        return this.#children(this.#length(2), depth)
      case 0xdd:
        return this.#children(this.#length(4), depth)
      case 0xde:
        return this.#children(this.#length(2) * 2, depth)
      case 0xdf:
        return this.#children(this.#length(4) * 2, depth)
      default:
        // Integers of 1, 2, 4 and 8 bytes, without and with a sign.
        if (token >= 0xcc && token <= 0xd3) return this.#skip(1 << ((token - 0xcc) & 3))
        return `type ${token.toString(16)} is not allowed`
    }
  }

  #length(bytes: number): number {
    let length = 0
    for (let i = 0; i < bytes; i += 1) length = length * 256 + (this.#bytes[this.at++] ?? 0)
    return length
  }

  #skip(bytes: number): string | undefined {
    this.at += bytes
    return this.at <= this.#bytes.length ? undefined : 'ends in the middle of a value'
  }

  /** Every element has a byte at least, so what claims more of them than bytes are left is a lie. */
  #children(count: number, depth: number): string | undefined {
    if (depth >= depthMax) return 'nests too deep'
    if (count > this.#bytes.length - this.at) return 'claims more elements than there are bytes'
    for (let i = 0; i < count; i += 1) {
      const problem = this.value(depth + 1)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}
