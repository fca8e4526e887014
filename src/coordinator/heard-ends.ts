// Ends that were heard of, so that a late ADD does not bring back what its DEL has taken away.

import { type AttachmentKey, keyText } from '../core/attachment.ts'
import { isBefore, type Moment } from '../core/sandbox.ts'

/** The oldest is forgotten: no runtime is late by so many pods. */
const endsMax = 4_096

export class HeardEnds {
  readonly #began = new Map<string, Moment>()
  readonly #boot: string

  /** `boot`: the current boot id. */
  constructor(boot: string) {
    this.#boot = boot
  }

  note(key: AttachmentKey, began: Moment): void {
    const text = keyText(key)
    this.#began.delete(text)
    this.#began.set(text, began)
    const [oldest] = this.#began.keys()
    if (this.#began.size > endsMax && oldest !== undefined) this.#began.delete(oldest)
  }

  /** What began then has ended already. */
  isOver(key: AttachmentKey, began: Moment): boolean {
    const end = this.#began.get(keyText(key))
    return end !== undefined && isBefore(began, end, this.#boot)
  }
}
