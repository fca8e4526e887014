// Which sockets the kernel's thread has open, in memory that it shares: when the thread has ended in the midst of
// something, they are closed for it. One that is left behind would keep the namespace of a pod for good.

/** Two of the host, two of the pod that an order is for, and some to spare. */
const slots = 8

export class SocketLedger {
  readonly #fds: Int32Array

  /** Of the thread, when it is given what `shared` said. */
  constructor(shared = new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT)) {
    this.#fds = new Int32Array(shared)
  }

  get shared(): SharedArrayBuffer {
    return this.#fds.buffer as SharedArrayBuffer
  }

  /** 0 stands for none: standard input is no socket of ours. */
  add(fd: number): void {
    const free = this.#fds.indexOf(0)
    if (free >= 0) this.#fds[free] = fd
  }

  remove(fd: number): void {
    const at = this.#fds.indexOf(fd)
    if (at >= 0) this.#fds[at] = 0
  }

  /** What is open, which from now on nobody looks after. */
  takeAll(): readonly number[] {
    const fds = [...this.#fds].filter(fd => fd !== 0)
    this.#fds.fill(0)
    return fds
  }
}
