// Frames on a stream between nodes: a length (32 bit, big endian) and that many bytes.

import { FrameInvalidError } from '../core/errors.ts'

const headerBytes = 4

/** A piece of a stream: bytes, or a list of them as libp2p has it. */
export type Piece = Uint8Array | { subarray(): Uint8Array }

/** One piece that holds all of these frames. */
export function framed(bodies: readonly Uint8Array[]): Uint8Array {
  const length = bodies.reduce((sum, body) => sum + headerBytes + body.length, 0)
  const piece = Buffer.allocUnsafe(length)
  let at = 0
  for (const body of bodies) {
    at = piece.writeUInt32BE(body.length, at)
    piece.set(body, at)
    at += body.length
  }
  return piece
}

/** Cuts pieces into frames. Throws FrameInvalidError at the length of one that is too long, before it has come. */
export function unframed(bytesMax: number) {
  return async function* (source: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
    const pieces = new Pieces()
    for await (const piece of source) {
      pieces.add(piece.subarray())
      for (;;) {
        const length = pieces.peekLength()
        if (length === undefined) break
        if (length > bytesMax) {
          throw new FrameInvalidError(`a frame of ${length} bytes; the limit is ${bytesMax}`)
        }
        if (pieces.length < headerBytes + length) break
        pieces.take(headerBytes)
        yield pieces.take(length)
      }
    }
  }
}

/** Bytes that have come, joined only when a frame is complete. */
class Pieces {
  #pieces: Uint8Array[] = []
  length = 0

  add(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.length += piece.length
  }

  peekLength(): number | undefined {
    if (this.length < headerBytes) return undefined
    if ((this.#pieces[0]?.length ?? 0) < headerBytes) this.#pieces = [Buffer.concat(this.#pieces)]
    const first = this.#pieces[0] ?? new Uint8Array()
    return new DataView(first.buffer, first.byteOffset, headerBytes).getUint32(0)
  }

  take(count: number): Uint8Array {
    const [first = new Uint8Array()] = this.#pieces
    const joined = first.length >= count ? first : Buffer.concat(this.#pieces)
    const rest = joined.subarray(count)
    const behind = joined === first ? this.#pieces.slice(1) : []
    this.#pieces = rest.length > 0 ? [rest, ...behind] : behind
    this.length -= count
    return joined.subarray(0, count)
  }
}
