// Frames of the line between plugin and daemon: a length and that many bytes (docs/wire.md).

import { FrameInvalidError } from '../core/errors.ts'

/** A GC of some ten thousand attachments fits; a plugin that sends more is not ours. */
export const frameBytesMax = 1024 * 1024

const headerBytes = 4

/** An empty frame: the client has printed its answer. */
export const acknowledgement = Buffer.alloc(headerBytes)

export function frameOf(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + body.length)
  frame.writeUInt32BE(body.length, 0)
  frame.set(body, headerBytes)
  return frame
}

/** Cuts a stream of bytes into frames, however it comes in pieces. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The frames that are complete now. Throws FrameInvalidError for one that is too long. */
  read(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = []
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (this.#pending.length >= headerBytes) {
      const length = this.#pending.readUInt32BE(0)
      if (length > frameBytesMax) {
        throw new FrameInvalidError(`a frame of ${length} bytes; the limit is ${frameBytesMax}`)
      }
      if (this.#pending.length < headerBytes + length) break
      frames.push(this.#pending.subarray(headerBytes, headerBytes + length))
      this.#pending = this.#pending.subarray(headerBytes + length)
    }
    return frames
  }
}
