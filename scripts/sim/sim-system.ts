// Runs the real actors of one process of one node, in the place of nact: one queue for all of its mailboxes,
// so that the world decides when the next message is handled, and between which two the process dies.

import type { CustodyDescribed, SubnetMessage } from '../../src/actors/messages/subnet.ts'
import type { ActorContext, Behaviour, Spawner } from '../../src/actors/runtime/behaviour.ts'
import type { ActorRef, StopReason } from '../../src/actors/runtime/ref.ts'
import type { Clock } from '../../src/ports/clock.ts'

/** What the world sees of a message between actors. */
export interface Handled {
  readonly type: string
  /** Of a message of another node. */
  readonly body?: { readonly type: string }
}

/** What a process is to the world. */
export interface Host {
  readonly clock: Clock
  /** A first message waits: `turn` handles one, and is called until it returns false. */
  wake(turn: () => boolean): void
  onHandling(actor: string, message: Handled): void
  /** An actor threw. */
  onCrashed(actor: string, error: unknown): void
  /** Promises that actors wait for: so many more, or fewer. */
  onPipes(change: number): void
}

interface Spawned {
  readonly name: string
  /** Past the mailbox. */
  readonly receive: (message: never) => void
  readonly insist: (message: never) => void
}

export class SimSystem implements Spawner {
  /** The node's clock; alarms end with the process. */
  readonly clock: Clock
  readonly #host: Host
  readonly #queue: (() => void)[] = []
  readonly #actors: Spawned[] = []
  #head = 0
  #isAlive = true
  #pipes = 0

  constructor(host: Host) {
    this.#host = host
    const { clock } = host
    this.clock = {
      monotonicMs: () => clock.monotonicMs(),
      bootNs: () => clock.bootNs(),
      wallMs: () => clock.wallMs(),
      after: (delayMs, action) => clock.after(delayMs, () => this.#guarded(action))
    }
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** The process is gone: nothing that is under way in it goes on. */
  abandon(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    this.#queue.length = 0
    this.#head = 0
    this.#host.onPipes(-this.#pipes)
  }

  /** How custody stands in every domain, past the mailboxes. */
  describeCustody(look: (described: CustodyDescribed) => void): void {
    const question = { type: 'DescribeCustody', replyTo: look } as const
    for (const { name, receive } of this.#actors) if (name === 'subnet') receive(question as never)
  }

  /** Tell it to the actors of all subnets. */
  tellSubnets(message: SubnetMessage): void {
    for (const { name, insist } of this.#actors) if (name === 'subnet') insist(message as never)
  }

  spawn<Message, State>(behaviour: Behaviour<Message, State>): ActorRef<Message> {
    const { name, mailboxLimit } = behaviour
    const { clock } = this
    const watchers = new Set<(reason: StopReason) => void>()
    const timers = new Map<string, () => void>()
    let waiting = 0
    let stopped: StopReason | undefined
    let state: State

    const insist = (message: Message) => {
      if (stopped !== undefined || !this.#isAlive) return
      waiting += 1
      this.#enqueue(() => {
        waiting -= 1
        if (stopped === undefined) receive(message)
      })
    }
    const receive = (message: Message) => {
      this.#host.onHandling(name, message as Handled)
      try {
        state = behaviour.receive(state, message, context)
      } catch (error) {
        if (!this.#isAlive) return
        stopped = { type: 'Crashed', error }
        for (const cancel of timers.values()) cancel()
        for (const onStopped of watchers) onStopped(stopped)
        this.#host.onCrashed(name, error)
      }
    }
    const self: ActorRef<Message> = {
      name,
      tell: message => {
        if (stopped !== undefined || waiting >= mailboxLimit || !this.#isAlive) return false
        insist(message)
        return true
      },
      insist,
      watch: onStopped => {
        if (stopped !== undefined) onStopped(stopped)
        else watchers.add(onStopped)
        return () => watchers.delete(onStopped)
      }
    }
    const context: ActorContext<Message> = {
      self,
      clock,
      pipe: (work, onValue, onError) => {
        this.#pipe(1)
        work.then(
          value => this.#settle(() => insist(onValue(value))),
          (error: unknown) => this.#settle(() => insist(onError(error)))
        )
      },
      schedule: (timer, delayMs, message) => {
        context.cancel(timer)
        const fire = () => {
          timers.delete(timer)
          insist(message)
        }
        timers.set(timer, clock.after(delayMs, fire))
      },
      cancel: timer => {
        timers.get(timer)?.()
        timers.delete(timer)
      }
    }
    state = behaviour.start(context)
    const peek = (message: Message) => void behaviour.receive(state, message, context)
    this.#actors.push({ name, receive: peek, insist })
    return self
  }

  #enqueue(handle: () => void): void {
    this.#queue.push(handle)
    if (this.#queue.length - this.#head === 1) this.#host.wake(() => this.#turn())
  }

  /** Handle one message; true when more wait. */
  #turn(): boolean {
    const handle = this.#queue[this.#head]
    if (handle === undefined || !this.#isAlive) return false
    handle()
    if (!this.#isAlive) return false
    this.#head += 1
    if (this.#head < this.#queue.length) return true
    this.#queue.length = 0
    this.#head = 0
    return false
  }

  #guarded(action: () => void): void {
    if (!this.#isAlive) return
    try {
      action()
    } catch (error) {
      if (this.#isAlive) this.#host.onCrashed('an alarm', error)
    }
  }

  #pipe(change: number): void {
    this.#pipes += change
    this.#host.onPipes(change)
  }

  #settle(deliver: () => void): void {
    if (!this.#isAlive) return
    this.#pipe(-1)
    deliver()
  }
}
