// ADDs for other interfaces of a sandbox whose first ADD is under way and decides for them too.

import { type AttachmentKey, keyText } from '../core/attachment.ts'
import type { Allocate } from './messages/allocator.ts'

interface Group {
  /** The key of the ADD that decides. */
  readonly leader: string
  readonly waiting: readonly Allocate[]
}

export class Followers {
  readonly #byContainer = new Map<string, Group>()

  /** From now on other ADDs of this sandbox wait. */
  open(leader: AttachmentKey): void {
    this.#byContainer.set(leader.containerId, { leader: keyText(leader), waiting: [] })
  }

  /** True when the ADD waits now. */
  join(message: Allocate): boolean {
    const { containerId } = message.key
    const group = this.#byContainer.get(containerId)
    if (group === undefined) return false
    this.#byContainer.set(containerId, { ...group, waiting: [...group.waiting, message] })
    return true
  }

  /** The leader has its answer: those that waited for it, in their order. */
  close(leader: AttachmentKey): readonly Allocate[] {
    const group = this.#byContainer.get(leader.containerId)
    if (group?.leader !== keyText(leader)) return []
    this.#byContainer.delete(leader.containerId)
    return group.waiting
  }

  /** Take out those of a key that need no answer any more. */
  drop(key: string, isOver: (message: Allocate) => boolean): readonly Allocate[] {
    const dropped: Allocate[] = []
    for (const [containerId, group] of this.#byContainer) {
      const over = group.waiting.filter(message => keyText(message.key) === key && isOver(message))
      if (over.length === 0) continue
      dropped.push(...over)
      const waiting = group.waiting.filter(message => !over.includes(message))
      this.#byContainer.set(containerId, { ...group, waiting })
    }
    return dropped
  }
}
