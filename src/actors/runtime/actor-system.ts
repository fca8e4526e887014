// Actors over nact, and the only file that imports it: bounded mailboxes, synchronous handlers, death
// watch and a stop that drains. Supervision is not nact's: its resume and escalate can run two handlers
// of one actor at once, so a crash always stops the actor, and whoever watches decides what follows.

import { dispatch, type Ref, spawn, start, stop } from 'nact'
import type { Clock } from '../../ports/clock.ts'
import type { ActorContext, Behaviour, Spawner } from './behaviour.ts'
import { type ActorVitals, Meter } from './meter.ts'
import type { ActorRef, StopReason } from './ref.ts'
import type { TraceSlice } from './trace.ts'

/** What the system keeps of each actor, whatever its messages are. */
interface Handle {
  readonly path: string
  readonly meter: Meter
  readonly describe: (() => unknown) | undefined
  readonly tell: (message: unknown) => boolean
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
    const { name, path = name, mailboxLimit } = behaviour
    const clock = this.#clock
    const watchers = new Set<(reason: StopReason) => void>()
    const timers = new Map<string, () => void>()
    const meter = new Meter({ name, path, mailboxLimit })

    const self: ActorRef<Message> = {
      name,
      tell: message => {
        if (meter.stopped !== undefined) return false
        if (meter.waiting >= mailboxLimit) {
          meter.refused += 1
          return false
        }
        self.insist(message)
        return true
      },
      insist: message => {
        if (meter.stopped !== undefined) return
        meter.waiting += 1
        dispatch(actor, message)
      },
      watch: onStopped => {
        if (meter.stopped !== undefined) onStopped(meter.stopped)
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
      if (meter.stopped !== undefined) return
      meter.stopped = reason
      for (const cancel of timers.values()) cancel()
      for (const onStopped of watchers) onStopped(reason)
    }
    const receive = (state: State, message: Message | typeof drain): State => {
      if (meter.stopped !== undefined) return state
      if (message === drain) {
        retire({ type: 'Drained' })
        stop(actor)
        return state
      }
      meter.begin(message)
      const began = clock.monotonicMs()
      current = behaviour.receive(state, message, context)
      meter.end(message, began, clock.monotonicMs())
      return current
    }

    const initialState = behaviour.start(context)
    let current = initialState
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
      ...{ path, meter },
      describe: behaviour.describe && (() => behaviour.describe?.(current)),
      tell: message => self.tell(message as Message),
      stop: () =>
        new Promise(resolve => {
          self.watch(() => resolve())
          if (meter.stopped === undefined) dispatch(actor, drain)
        }),
      abort: error => {
        retire({ type: 'Crashed', error })
        stop(actor)
      }
    })
    return self
  }

  vitals(): ActorVitals[] {
    return this.#actors.map(({ meter }) => meter.vitals())
  }

  /** What the actor of this path says of its state; undefined when there is none, or it says nothing. */
  describe(path: string): unknown {
    return this.#at(path)?.describe?.()
  }

  /** Its messages after the asked number; from the first question on, and as long as somebody asks. */
  trace(path: string, after: number): TraceSlice | undefined {
    const now = this.#clock.monotonicMs()
    return this.#at(path)?.meter.trace(now).read(after, now)
  }

  /** For people who know what they do: whether the message is of its protocol is not looked at here. */
  tell(path: string, message: unknown): boolean {
    return this.#at(path)?.tell(message) ?? false
  }

  #at(path: string): Handle | undefined {
    return this.#actors.find(actor => actor.path === path)
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
