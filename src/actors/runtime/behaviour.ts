// What an actor is, whoever runs it: nact in the daemon, a scheduler that can be repeated in the simulator.

import type { Clock } from '../../ports/clock.ts'
import type { ActorRef } from './ref.ts'

export interface Behaviour<Message, State> {
  /** Role of the actor in lower case; nact allows no colons or slashes in it. */
  readonly name: string
  /** Where it stands among the others, `subnet/10.9.0.0/28/broker`; its name where it stands alone. */
  readonly path?: string
  /** How many messages may wait; the next one is refused. */
  readonly mailboxLimit: number
  /** Runs inside `spawn`, so that a failed recovery is an exception there and not a dead actor later. */
  start(context: ActorContext<Message>): State
  /** Synchronous on purpose: between two messages nobody sees half a change. */
  receive(state: State, message: Message, context: ActorContext<Message>): State
  /** What people may see of its state. Called between two messages; changes nothing, and holds nothing secret. */
  describe?(state: State): unknown
}

export interface ActorContext<Message> {
  readonly self: ActorRef<Message>
  readonly clock: Clock
  /** Wait for `work` outside the mailbox and hear of its end as an ordinary message. */
  pipe<Value>(
    work: Promise<Value>,
    onValue: (value: Value) => Message,
    onError: (error: unknown) => Message
  ): void
  /** Tell oneself `message` after `delayMs`; a later call with the same name replaces an earlier one. */
  schedule(name: string, delayMs: number, message: Message): void
  cancel(name: string): void
}

/** Brings actors to life. */
export interface Spawner {
  spawn<Message, State>(behaviour: Behaviour<Message, State>): ActorRef<Message>
}
