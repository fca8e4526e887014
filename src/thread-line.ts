// Two threads that ask each other by name: a question has a number, and its answer the same one.

import type { MessagePort, Worker } from 'node:worker_threads'
import { messageOf } from './core/error-text.ts'

/** What can be asked, by name. */
export type Protocol = Record<string, (question: never) => unknown>

type Question<Of extends Protocol, Name extends keyof Of> = Parameters<Of[Name]>[0]
type Answer<Of extends Protocol, Name extends keyof Of> = Awaited<ReturnType<Of[Name]>>

/** What is answered, at once or later. A handler that rejects rejects the question, with its message. */
export type Handlers<Of extends Protocol> = {
  readonly [Name in keyof Of]: (
    question: Question<Of, Name>
  ) => Answer<Of, Name> | Promise<Answer<Of, Name>>
}

type Word =
  | {
      readonly type: 'Question'
      readonly id: number
      readonly name: string
      readonly value: unknown
    }
  | { readonly type: 'Answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'Failure'; readonly id: number; readonly message: string }

/** The number of what nobody waits for. */
const unanswered = 0

interface Open {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

/** One end of the line. `Theirs` can be asked of the other end, `Ours` of this one. */
export class ThreadLine<Theirs extends Protocol, Ours extends Protocol> {
  readonly #port: Worker | MessagePort
  readonly #open = new Map<number, Open>()
  #asked = 0
  #endedBy: string | undefined

  constructor(port: Worker | MessagePort, handlers: Handlers<Ours>) {
    this.#port = port
    port.on('message', (word: Word) => {
      if (word.type === 'Question') void this.#answer(word, handlers)
      else this.#settle(word)
    })
  }

  /** Rejects when the other end fails to answer, or is gone. */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    value: Question<Theirs, Name>
  ): Promise<Answer<Theirs, Name>> {
    if (this.#endedBy !== undefined) return Promise.reject(new Error(this.#endedBy))
    return new Promise((resolve, reject) => {
      const id = (this.#asked += 1)
      this.#open.set(id, { resolve, reject })
      this.#port.postMessage({ type: 'Question', id, name, value } satisfies Word)
    })
  }

  /** As `ask`, of whom no answer is wanted. */
  tell<Name extends keyof Theirs & string>(name: Name, value: Question<Theirs, Name>): void {
    this.#port.postMessage({ type: 'Question', id: unanswered, name, value } satisfies Word)
  }

  /** Nobody answers any more. */
  end(why: string): void {
    this.#endedBy = why
    for (const { reject } of this.#open.values()) reject(new Error(why))
    this.#open.clear()
  }

  async #answer(
    { id, name, value }: Word & { type: 'Question' },
    handlers: Handlers<Ours>
  ): Promise<void> {
    let word: Word
    try {
      word = { type: 'Answer', id, value: await handlers[name]?.(value as never) }
    } catch (error) {
      word = { type: 'Failure', id, message: messageOf(error) }
    }
    if (id !== unanswered) this.#port.postMessage(word)
  }

  #settle(word: Exclude<Word, { type: 'Question' }>): void {
    const open = this.#open.get(word.id)
    this.#open.delete(word.id)
    if (word.type === 'Answer') open?.resolve(word.value as never)
    else open?.reject(new Error(word.message))
  }
}
