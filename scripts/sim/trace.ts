// What happened, as a hash of every line and, for the seed that is looked at, the lines themselves.

import { fold } from './chance.ts'

/** The end of a long history is what explains its failure. */
const linesMax = 200_000

export class Trace {
  readonly isKept: boolean
  readonly lines: string[] = []
  #high = 0
  #low = 1
  #count = 0

  constructor(keeps: boolean) {
    this.isKept = keeps
  }

  /** `more` is for people only. */
  note(now: number, line: string, more = ''): void {
    this.#count += 1
    this.#high = fold(line, this.#high)
    this.#low = fold(line, this.#low ^ Math.round(now * 1_000))
    if (!this.isKept) return
    if (this.lines.length >= linesMax) this.lines.shift()
    this.lines.push(`${(now / 1_000).toFixed(4).padStart(9)} ${line} ${more}`)
  }

  /** Equal for equal histories. */
  get hash(): string {
    const hex = (part: number) => (part >>> 0).toString(16).padStart(8, '0')
    return `${hex(this.#high)}${hex(this.#low)}-${this.#count}`
  }
}
