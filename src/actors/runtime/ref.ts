// What one actor may know of another: where to send, what it accepts, and when it is gone.

export type StopReason =
  { readonly type: 'Drained' } | { readonly type: 'Crashed'; readonly error: unknown }

export interface ActorRef<in Message> {
  readonly name: string
  /** False when the message was refused: the mailbox is full or the actor has stopped. */
  tell(message: Message): boolean
  /**
   * As tell, however full the mailbox is: for what follows from decisions that are durable already, and for
   * answers to the actor's own questions. Their number is bounded by that of the requests let in before.
   */
  insist(message: Message): void
  /** Call `onStopped` once, now or later. The returned function takes the interest back. */
  watch(onStopped: (reason: StopReason) => void): () => void
  /** Never set. It makes references contravariant, so that two of them are not swapped by accident. */
  readonly accepts?: (message: Message) => void
}

/** The return address inside a request. The receiver calls it once; who asked ignores further calls. */
export type ReplyTo<in Reply> = (reply: Reply) => void
