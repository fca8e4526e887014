// A reference that outlives the actor behind it: who holds it need not know that the house was rebuilt.

import type { ActorRef, StopReason } from './ref.ts'

export class Relay<Message> implements ActorRef<Message> {
  readonly name: string
  #target: ActorRef<Message> | undefined

  constructor(name: string) {
    this.name = name
  }

  point(target: ActorRef<Message> | undefined): void {
    this.#target = target
  }

  tell(message: Message): boolean {
    return this.#target?.tell(message) ?? false
  }

  insist(message: Message): void {
    this.#target?.insist(message)
  }

  /** Watches the actor of now, not the ones that may come. */
  watch(onStopped: (reason: StopReason) => void): () => void {
    return this.#target?.watch(onStopped) ?? (() => {})
  }
}
