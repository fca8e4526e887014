// The pipe that programs under test print into: one for all of them, emptied after each exit.

import * as libc from './libc.ts'

const capacity = 64 * 1024

export class OutputPipe {
  readonly #reader: number
  readonly #writer: number
  readonly #bytes = Buffer.alloc(capacity)
  readonly #ready = Buffer.alloc(libc.pollfdBytes)

  constructor() {
    const ends = Buffer.alloc(8)
    libc.succeed('pipe2', libc.pipe2(ends, libc.O_CLOEXEC))
    this.#reader = ends.readInt32LE(0)
    this.#writer = ends.readInt32LE(4)
    this.#ready.writeInt32LE(this.#reader, 0)
    this.#ready.writeInt16LE(libc.POLLIN, 4)
  }

  /** What children get as their stdout. */
  get writer(): number {
    return this.#writer
  }

  /** All that was printed since the last time; never waits. */
  take(): string {
    let text = ''
    while (libc.poll(this.#ready, 1, 0) > 0) {
      const size = libc.succeed('read', libc.read(this.#reader, this.#bytes, capacity))
      text += this.#bytes.toString('utf8', 0, size)
    }
    return text
  }

  [Symbol.dispose](): void {
    libc.close(this.#reader)
    libc.close(this.#writer)
  }
}
