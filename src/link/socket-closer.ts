// Closes packet sockets, for which the kernel takes some 15 ms each (it waits for all processors): never on the
// main thread, and in few of the threads that Node has for files.

import { close } from 'node:fs'

/** Of the four threads that Node has for files; several closings share what the kernel waits for. */
const atOnceMax = 2

export class SocketCloser {
  readonly #waiting: number[] = []
  #closing = 0
  readonly #onIdle: (() => void)[] = []

  /** How many are still open. */
  get open(): number {
    return this.#waiting.length + this.#closing
  }

  close(fds: readonly number[]): void {
    this.#waiting.push(...fds)
    this.#go()
  }

  /** Resolves when all are closed. */
  idle(): Promise<void> {
    if (this.open === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#onIdle.push(resolve)
    })
  }

  #go(): void {
    while (this.#closing < atOnceMax) {
      const fd = this.#waiting.shift()
      if (fd === undefined) break
      this.#closing += 1
      // It is closed whatever it says (close(2)).
      close(fd, () => {
        this.#closing -= 1
        this.#go()
      })
    }
    if (this.open === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
