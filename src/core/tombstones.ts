// Which keys were deleted lately, so that an ADD that began before the DEL of its key cannot come to life
// after it. Their number is bounded: a horizon stands for those that were dropped, and an ADD from before
// the horizon is refused whatever its key.

import { type AttachmentKey, keyText } from './attachment.ts'
import { isBefore, type Moment } from './sandbox.ts'

/** About an hour of a node that starts and ends four pods a second; some 4 MB. */
export const tombstonesMax = 16_384

export interface Tombstone {
  readonly key: AttachmentKey
  /** When the DEL began. */
  readonly began: Moment
}

/** What has to become durable when a tombstone is put. */
export interface Burial {
  readonly tombstone: Tombstone
  readonly dropped: readonly AttachmentKey[]
  readonly horizon?: Moment
}

export class Tombstones {
  readonly #boot: string
  readonly #max: number
  readonly #byKey = new Map<string, Tombstone>()
  #horizon: Moment | undefined

  /** `boot` is the current boot id: no plugin lives through a reboot, so older stones mean nothing. */
  constructor(boot: string, max = tombstonesMax) {
    this.#boot = boot
    this.#max = max
  }

  get count(): number {
    return this.#byKey.size
  }

  restore(tombstones: readonly Tombstone[], horizon: Moment | undefined): void {
    for (const stone of tombstones) this.#byKey.set(keyText(stone.key), stone)
    this.#horizon = horizon
  }

  /** Why an ADD of this key that began then must not succeed; undefined when it may. */
  objection(key: AttachmentKey, began: Moment): 'Deleted' | 'TooOld' | undefined {
    const stone = this.#byKey.get(keyText(key))
    if (stone !== undefined && !isBefore(stone.began, began, this.#boot)) return 'Deleted'
    const horizon = this.#horizon
    const old = horizon?.boot === this.#boot && !isBefore(horizon, began, this.#boot)
    return old ? 'TooOld' : undefined
  }

  /** Note a DEL. The latest one of a key counts; the oldest keys make room. */
  bury(tombstone: Tombstone): Burial {
    const text = keyText(tombstone.key)
    const known = this.#byKey.get(text)
    const later =
      known !== undefined && isBefore(tombstone.began, known.began, this.#boot) ? known : tombstone
    this.#byKey.delete(text)
    this.#byKey.set(text, later)
    const dropped: AttachmentKey[] = []
    for (const [oldText, { key, began }] of this.#byKey) {
      if (this.#byKey.size <= this.#max) break
      this.#byKey.delete(oldText)
      dropped.push(key)
      if (this.#horizon === undefined || isBefore(this.#horizon, began, this.#boot)) {
        this.#horizon = began
      }
    }
    const moved = dropped.length > 0 && this.#horizon !== undefined
    return { tombstone: later, dropped, ...(moved && { horizon: this.#horizon as Moment }) }
  }
}
