// Actors over nact, and the only file that imports it: bounded mailboxes, synchronous handlers, death
// watch and a stop that drains. Supervision is not nact's: its resume and escalate can run two handlers
// of one actor at once, so a crash always stops the actor, and whoever watches decides what follows.

import { dispatch, type Ref, spawn, start, stop } from 'nact'
import type { Clock } from '../../ports/clock.ts'
import type { ActorContext, Behaviour, Spawner } from './behaviour.ts'
import type { ActorRef, StopReason } from './ref.ts'

/** What is seen of an actor from outside. */
export interface ActorVitals {
  readonly name: string
  readonly waiting: number
  readonly handled: number
  readonly stopped: StopReason | undefined
}

/** What the system keeps of each actor, whatever its messages are. */
interface Handle {
  readonly vitals: () => ActorVitals
  readonly stop: () => Promise<void>
  readonly abort: (error: unknown) => void
}

const drain = Symbol('drain')

export class ActorSystem implements Spawner {
  readonly #clock: Clock
  readonly #root = start()
  readonly #actors: Handle[] = []
  #spawned = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  spawn<Message, State>(behaviour: Behaviour<Message, State>): ActorRef<Message> {
    const { name, mailboxLimit } = behaviour
    const clock = this.#clock
    const watchers = new Set<(reason: StopReason) => void>()
    const timers = new Map<string, () => void>()
    let waiting = 0
    let handled = 0
    let stopped: StopReason | undefined

    const self: ActorRef<Message> = {
      name,
      tell: message => {
        if (stopped !== undefined || waiting >= mailboxLimit) return false
        self.insist(message)
        return true
      },
      insist: message => {
        if (stopped !== undefined) return
        waiting += 1
        dispatch(actor, message)
      },
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
        work.then(
          value => self.insist(onValue(value)),
          (error: unknown) => self.insist(onError(error))
        )
      },
      schedule: (timer, delayMs, message) => {
        context.cancel(timer)
        const fire = () => {
          timers.delete(timer)
          self.insist(message)
        }
        timers.set(timer, clock.after(delayMs, fire))
      },
      cancel: timer => {
        timers.get(timer)?.()
        timers.delete(timer)
      }
    }
    const retire = (reason: StopReason) => {
      if (stopped !== undefined) return
      stopped = reason
      for (const cancel of timers.values()) cancel()
      for (const onStopped of watchers) onStopped(reason)
    }
    const receive = (state: State, message: Message | typeof drain): State => {
      if (stopped !== undefined) return state
      if (message === drain) {
        retire({ type: 'Drained' })
        stop(actor)
        return state
      }
      waiting -= 1
      handled += 1
      return behaviour.receive(state, message, context)
    }

    const initialState = behaviour.start(context)
    this.#spawned += 1
    // A respawned actor gets a fresh nact name, since nact frees a name only some ticks after the stop.
    const actor: Ref<Message | typeof drain> = spawn(
      this.#root,
      receive,
      `${name}-${this.#spawned}`,
      {
        initialState,
        onCrash: (_message, error, nact) => {
          retire({ type: 'Crashed', error })
          return nact.stop
        }
      }
    )
    this.#actors.push({
      vitals: () => ({ name, waiting, handled, stopped }),
      stop: () =>
        new Promise(resolve => {
          self.watch(() => resolve())
          if (stopped === undefined) dispatch(actor, drain)
        }),
      abort: error => {
        retire({ type: 'Crashed', error })
        stop(actor)
      }
    })
    return self
  }

  vitals(): ActorVitals[] {
    return this.#actors.map(actor => actor.vitals())
  }

  /** Stop every actor in the reverse order of their birth; each one empties its mailbox first. */
  async stop(): Promise<void> {
    for (const actor of this.#actors.toReversed()) await actor.stop()
    stop(this.#root)
  }

  /** End every actor at once: none handles a message after this returns. What they had decided is lost. */
  abort(error: unknown): void {
    for (const actor of this.#actors) actor.abort(error)
    stop(this.#root)
  }
}
