// Numbers of requests: they rise over restarts and over houses that are built anew, since a donor answers none
// that is not above the highest it has granted.

/** Requests of one opening of the database; there are 2^21 openings before numbers end. */
const idsPerOpening = 2 ** 32

export class RequestIds {
  #last = 0

  /** `opened`: how often the database has been opened. */
  next(opened: number): number {
    this.#last = Math.max(this.#last, opened * idsPerOpening) + 1
    return this.#last
  }
}
