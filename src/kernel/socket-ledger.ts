// Which sockets the kernel's thread has open, in memory that it shares: when the thread has ended in the midst of
// something, they are closed for it. One that is left behind would keep the namespace of a pod for good.

/** Two of the host, two of the pod that an order is for, and some to spare, for a thread and those that it has. */
const slots = 64

export class SocketLedger {
  readonly #fds: Int32Array
  readonly #above: SocketLedger | undefined

  /**
   * Of the thread, when it is given what `shared` said. `above`: the ledger of a thread that has this one, and may end
   * together with it.
   */
  constructor(
    shared = new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT),
    above?: SocketLedger
  ) {
    this.#fds = new Int32Array(shared)
    this.#above = above
  }

  get shared(): SharedArrayBuffer {
    return this.#fds.buffer as SharedArrayBuffer
  }

  /** 0 stands for none: standard input is no socket of ours. */
  add(fd: number): void {
    this.#above?.add(fd)
    this.#replace(0, fd)
  }

  remove(fd: number): void {
    this.#above?.remove(fd)
    this.#replace(fd, 0)
  }

  /** What is open, which from now on nobody looks after. */
  takeAll(): readonly number[] {
    const fds = [...this.#fds].filter(fd => fd !== 0)
    for (const fd of fds) this.remove(fd)
    return fds
  }

  /** Several threads write at once. */
  #replace(before: number, after: number): void {
    for (let at = this.#fds.indexOf(before); at >= 0; at = this.#fds.indexOf(before, at)) {
      if (Atomics.compareExchange(this.#fds, at, before, after) === before) return
    }
  }
}
