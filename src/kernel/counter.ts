// Where orders are taken, in whichever thread may wait for the kernel: each is carried out to its end before the next
// one. The room of the host stays open; that of a pod is open for the orders that come one behind the other.

import { assert } from '../core/assert.ts'
import { errorCodeOf, messageOf } from '../core/error-text.ts'
import { carryOutOne } from './carrying-out.ts'
import { describeOperation } from './description.ts'
import { whyNotEntered } from './entering.ts'
import type { Done, NotPossible, Observed, Order, Question, Stopped } from './kernel.ts'
import { SystemFailure } from './libc.ts'
import { lookAt } from './looking.ts'
import { HomeLostError } from './namespace.ts'
import { KernelRefusal } from './netlink/kernel-refusal.ts'
import type { Place } from './operation.ts'
import { type Dwelling, NoLinkError, Room } from './room.ts'
import { type KernelAnswer, monotonicMs, type Work } from './thread-messages.ts'

export class Counter {
  readonly #dwelling: Dwelling
  #host: Room | undefined
  #pod: { readonly path: string; readonly room: Room } | undefined

  constructor(dwelling: Dwelling) {
    this.#dwelling = dwelling
  }

  /** Throws `HomeLostError`, after which the thread is of no use. */
  answer(work: Work): KernelAnswer {
    if (monotonicMs() >= work.deadlineMs) {
      return notPossible('Busy', 'the time was up before its turn came')
    }
    try {
      return work.type === 'Observe'
        ? this.#observe(work.question)
        : this.#carryOut(work.order, work.deadlineMs)
    } catch (error) {
      if (error instanceof HomeLostError) throw error
      // What is left on its way may be read for an answer to the next question.
      this.leave()
      this.#host?.close()
      this.#host = undefined
      const isForbidden = ['EPERM', 'EACCES'].includes(errorCodeOf(error) ?? '')
      return notPossible(isForbidden ? 'Forbidden' : 'Failed', messageOf(error))
    }
  }

  /** For good. */
  close(): void {
    this.leave()
    this.#host?.close()
    this.#host = undefined
  }

  /** When no order waits: a room that stays open keeps its pod's namespace. */
  leave(): void {
    this.#pod?.room.close()
    this.#pod = undefined
  }

  #observe({ netns, host, pod }: Question): Observed | NotPossible {
    assert(pod === undefined || netns !== undefined, 'a look at a pod says where it is')
    return this.#withPod(netns, room => ({
      type: 'Observed',
      ...(host !== undefined && { host: lookAt(this.#hostRoom(), host) }),
      ...(pod !== undefined && room !== undefined && { pod: lookAt(room, pod) })
    }))
  }

  #carryOut({ netns, operations }: Order, deadlineMs: number): Done | Stopped | NotPossible {
    return this.#withPod(netns, pod => {
      const rooms = (place: Place) => {
        const room = place === 'Host' ? this.#hostRoom() : pod
        assert(room !== undefined, 'an order for a pod says where it is')
        return room
      }
      for (const [index, operation] of operations.entries()) {
        if (monotonicMs() >= deadlineMs) {
          const detail = `no time was left for ${describeOperation(operation)}`
          return { type: 'Stopped', index, code: 'ETIMEDOUT', detail }
        }
        try {
          carryOutOne(operation, rooms)
        } catch (error) {
          if (!isAnswer(error)) throw error
          const detail = `${describeOperation(operation)}: ${messageOf(error)}`
          return { type: 'Stopped', index, code: errorCodeOf(error) ?? 'EIO', detail }
        }
      }
      return { type: 'Done' }
    })
  }

  #withPod<Answer>(
    netns: string | undefined,
    act: (room: Room | undefined) => Answer
  ): Answer | NotPossible {
    if (netns === undefined) return act(undefined)
    if (this.#pod?.path !== netns) {
      this.leave()
      try {
        this.#pod = { path: netns, room: Room.open(netns, this.#dwelling) }
      } catch (error) {
        if (error instanceof HomeLostError) throw error
        return notPossible(whyNotEntered(error), `${netns} cannot be entered: ${messageOf(error)}`)
      }
    }
    return act(this.#pod.room)
  }

  #hostRoom(): Room {
    return (this.#host ??= Room.home(this.#dwelling))
  }
}

/** What the kernel says to one operation, in whichever way; all else is a mistake of this program. */
function isAnswer(error: unknown): boolean {
  if (error instanceof HomeLostError) return false
  return (
    error instanceof KernelRefusal ||
    error instanceof NoLinkError ||
    error instanceof SystemFailure ||
    /^E[A-Z0-9]+$/.test(errorCodeOf(error) ?? '')
  )
}

function notPossible(why: NotPossible['why'], detail: string): NotPossible {
  return { type: 'NotPossible', why, detail }
}
