// A request with one answer. The return address is a closure, not an id: nact's own `query` matches
// replies by random numbers without a collision check, and one collision would be a doubled address.

import type { Clock } from '../../ports/clock.ts'
import type { ActorRef, ReplyTo } from './ref.ts'

type Request = { readonly type: string; readonly replyTo: ReplyTo<never> }

/** The messages of a protocol that expect an answer, by name. */
export type RequestType<Message> = Extract<Message, Request>['type']

/** What the answer to this message is. */
export type ReplyOf<Message, Type> =
  Extract<Message, { readonly type: Type }> extends { readonly replyTo: ReplyTo<infer Reply> }
    ? Reply
    : never

type Question<Message, Type> = Omit<Extract<Message, { readonly type: Type }>, 'replyTo'>

/** No answer came. What was asked may or may not have been done. */
export class AskError extends Error {
  readonly reason: 'Timeout' | 'Refused' | 'Stopped'

  constructor(reason: AskError['reason'], name: string, cause?: unknown) {
    super(`no answer from actor ${name}: ${reason.toLowerCase()}`, { cause })
    this.name = 'AskError'
    this.reason = reason
  }
}

/** Send a question and wait for its answer. Rejects with AskError. */
export function ask<Message, const Type extends RequestType<Message>>(
  actor: ActorRef<Message>,
  question: { readonly type: Type } & NoInfer<Question<Message, Type>>,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number }
): Promise<ReplyOf<Message, Type>> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      cancelTimeout()
      unwatch()
      outcome()
    }
    const fail = (reason: AskError['reason'], cause?: unknown) =>
      settle(() => reject(new AskError(reason, actor.name, cause)))
    let unwatch = () => {}
    const cancelTimeout = clock.after(timeoutMs, () => fail('Timeout'))
    const replyTo = (reply: ReplyOf<Message, Type>) => settle(() => resolve(reply))
    if (!actor.tell({ ...question, replyTo } as Message)) return fail('Refused')
    unwatch = actor.watch(stop => fail('Stopped', stop.type === 'Crashed' ? stop.error : undefined))
  })
}
