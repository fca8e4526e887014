// ADDs for other interfaces of a sandbox whose first ADD is under way and may decide for them too.

import { keyText } from '../core/attachment.ts'
import type { Allocate } from './messages/allocator.ts'

export class Followers {
  readonly #byContainer = new Map<string, Allocate[]>()

  /** From now on ADDs of this sandbox wait. */
  open(containerId: string): void {
    this.#byContainer.set(containerId, [])
  }

  /** True when the ADD waits now. */
  join(message: Allocate): boolean {
    const waiting = this.#byContainer.get(message.key.containerId)
    waiting?.push(message)
    return waiting !== undefined
  }

  /** It is decided: those that waited, in their order. */
  close(containerId: string): readonly Allocate[] {
    const waiting = this.#byContainer.get(containerId) ?? []
    this.#byContainer.delete(containerId)
    return waiting
  }

  /** Take out those of a key that need no answer any more. */
  drop(key: string, isOver: (message: Allocate) => boolean): readonly Allocate[] {
    const dropped: Allocate[] = []
    for (const [containerId, waiting] of this.#byContainer) {
      const over = waiting.filter(message => keyText(message.key) === key && isOver(message))
      if (over.length === 0) continue
      dropped.push(...over)
      this.#byContainer.set(
        containerId,
        waiting.filter(message => !over.includes(message))
      )
    }
    return dropped
  }
}
