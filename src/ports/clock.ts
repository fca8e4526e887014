// Time comes in by this door only, so that tests can hold it in their hands.

/** Milliseconds of a clock that never jumps; only differences mean something. */
export type MonotonicMs = number

export interface Clock {
  /**
   * CLOCK_MONOTONIC in milliseconds. It counts from the start of the machine, so two processes of one
   * boot can compare what they noted; it does not move while the machine sleeps.
   */
  monotonicMs(): MonotonicMs

  /** CLOCK_BOOTTIME in nanoseconds, exact to a hundredth of a second: what plugins say they started at. */
  bootNs(): bigint

  /** Milliseconds since 1970, for people to read. Decides nothing: it may jump at any time. */
  wallMs(): number

  /** Run `action` once after `delayMs`; the returned function prevents it. Keeps no process alive. */
  after(delayMs: number, action: () => void): () => void
}
