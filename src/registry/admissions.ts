// Lets in who wants to join: at once when it is alone, together when many come.

import type { ClusterView } from '../core/registry/cluster-view.ts'
import { gather, type JoinAsk, joinAskOf, verdictOn } from '../core/registry/gathering.ts'
import type { Rules } from '../core/lease/rules.ts'
import type { Clock } from '../ports/clock.ts'
import type { Appended } from '../ports/registry.ts'

/**
 * How long after one Join record the next one waits for company: at first, twice as long each time, at most; and after
 * how long without one it is the first again. The most is well within the time that a question to the registrar has, and
 * makes some thirty records of a storm of a minute.
 */
const pauseMs = { first: 50, most: 2_000, quiet: 4_000 }
/** A few kilobytes each; whoever comes beyond that tries again. */
const waitingMax = 8_192

export interface AdmissionsOptions {
  readonly clock: Clock
  /** The node that keeps the registry: it signs what it puts together. */
  readonly node: string
  readonly rules: Pick<Rules, 'lateNamesake'>
  readonly view: () => ClusterView
  readonly append: (index: number, record: Uint8Array) => Promise<Appended>
}

interface Waiting extends JoinAsk {
  readonly answer: (answer: Appended | Promise<Appended>) => void
}

export class Admissions {
  readonly #options: AdmissionsOptions
  /** By peer id: who asks again has given up the first question. */
  readonly #waiting = new Map<string, Waiting>()
  #isTimed = false
  /** Between the last record and the next one. */
  #pauseMs = 0
  #lastAt = -Infinity

  constructor(options: AdmissionsOptions) {
    this.#options = options
  }

  /**
   * Undefined for what is no ordinary Join. `Appended`: it is the record of this index, byte for byte. `Conflict`:
   * read, and look whether you are a member by now.
   */
  ask(index: number, record: Uint8Array): Promise<Appended> | undefined {
    const ask = joinAskOf(index, record)
    if (ask === undefined || this.#waiting.size >= waitingMax) return undefined
    const { view, rules } = this.#options
    const verdict = verdictOn(view(), ask, rules)
    if (verdict !== undefined) return Promise.resolve(verdict)
    return new Promise(answer => {
      const { peer } = ask.joining
      this.#waiting.get(peer)?.answer({ type: 'Conflict' })
      // At the end of the line, where it has come.
      this.#waiting.delete(peer)
      this.#waiting.set(peer, { ...ask, answer })
      this.#arrange()
    })
  }

  #arrange(): void {
    if (this.#isTimed || this.#waiting.size === 0) return
    const { clock } = this.#options
    const quietMs = clock.monotonicMs() - this.#lastAt
    if (quietMs >= pauseMs.quiet) this.#pauseMs = 0
    if (quietMs >= this.#pauseMs) return this.#admit()
    this.#isTimed = true
    clock.after(this.#pauseMs - quietMs, () => {
      this.#isTimed = false
      this.#admit()
    })
  }

  #admit(): void {
    const { clock, node, rules, view, append } = this.#options
    const index = view().index + 1
    const signed = { author: node, atMs: clock.wallMs() }
    const { record, taken, rejected } = gather(view(), [...this.#waiting.values()], signed, rules)
    for (const [ask, verdict] of rejected) this.#answer(ask, verdict)
    if (record !== undefined) {
      this.#lastAt = clock.monotonicMs()
      this.#pauseMs = Math.min(Math.max(pauseMs.first, 2 * this.#pauseMs), pauseMs.most)
      const appended = append(index, record)
      for (const ask of taken) {
        const isItsOwn = ask.index === index && ask.record === record
        this.#answer(ask, isItsOwn ? appended : appended.then(asAnother))
      }
    }
    this.#arrange()
  }

  #answer({ joining: { peer }, answer }: Waiting, what: Parameters<Waiting['answer']>[0]): void {
    this.#waiting.delete(peer)
    answer(what)
  }
}

/** The record is in the log, but at another index than it was meant for, or with others. */
function asAnother(appended: Appended): Appended {
  return appended.type === 'Appended' ? { type: 'Conflict' } : appended
}
