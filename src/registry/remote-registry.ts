// Registry at another node: asks whoever may know until the one that keeps the log has answered.

import { RegistryUnreachableError } from '../core/errors.ts'
import { messageOf } from '../core/error-text.ts'
import { recordBytesMax } from '../core/registry/record-text.ts'
import type { Appended, LogSlice, Registry } from '../ports/registry.ts'
import { type Answer, decodeAnswer, encodeQuestion, type Question } from './registry-wire.ts'

/** How many peers one call asks: a call ends, also when a thousand nodes point at one that is gone. */
const peersAskedMax = 6

export interface RemoteRegistryOptions {
  /** As Mesh.ask; its time limit is the one of every hop. */
  readonly ask: (peer: string, question: Uint8Array) => Promise<Uint8Array>
  /** Peer ids to try when nobody is known to be the registrar, the likeliest first. */
  readonly candidates: () => readonly string[]
  /** Hears where the registrar may be, before it is asked. */
  readonly learn: (peer: string, addresses: readonly string[]) => void
}

export interface Survey {
  /** How many records it has. */
  readonly head: number
  readonly keeps: boolean
}

export class RemoteRegistry implements Registry {
  readonly #options: RemoteRegistryOptions
  #registrar: string | undefined
  /** Where the next search begins among the candidates, so that a few that are away do not hide the others. */
  #begin = 0

  constructor(options: RemoteRegistryOptions) {
    this.#options = options
  }

  /** The peer that answered as the registrar last; fit for redirects. */
  get registrar(): string | undefined {
    return this.#registrar
  }

  /** What every peer that can be reached has of the registry, and whether it keeps it, by peer id. */
  async survey(from: number): Promise<Map<string, Survey>> {
    const bytes = encodeQuestion({ type: 'Read', from })
    const found = new Map<string, Survey>()
    const asked = this.#options.candidates().map(async peer => {
      try {
        const answer = decodeAnswer(await this.#options.ask(peer, bytes))
        if ('head' in answer) found.set(peer, { head: answer.head, keeps: answer.type === 'Slice' })
      } catch {
        // Who does not answer says nothing.
      }
    })
    await Promise.all(asked)
    return found
  }

  async append(index: number, record: Uint8Array): Promise<Appended> {
    if (record.length > recordBytesMax) {
      const why = `this is no record: it has ${record.length} bytes; the limit is ${recordBytesMax}`
      return { type: 'Refused', why }
    }
    return this.#find({ type: 'Append', index, record }, isAppended, () => true)
  }

  async read(from: number): Promise<LogSlice> {
    // A log that ends before what this node knows is believed when there is no other one.
    const isWhole = (slice: LogSlice) => slice.head >= from - 1
    const { head, hash, records } = await this.#find({ type: 'Read', from }, isSlice, isWhole)
    return { head, hash, records }
  }

  /** Follows redirects before it tries other candidates; nobody is asked twice. */
  async #find<A extends Answer>(
    question: Question,
    fits: (answer: Answer) => answer is A,
    satisfies: (answer: A) => boolean
  ): Promise<A> {
    let second: A | undefined
    const bytes = encodeQuestion(question)
    const redirects = this.#registrar === undefined ? [] : [this.#registrar]
    const others = this.#candidates()
    const problems = new Map<string, string>()
    while (problems.size < peersAskedMax) {
      const peer = nextOf(redirects, problems) ?? this.#nextCandidate(others, problems)
      if (peer === undefined) break
      try {
        const answer = decodeAnswer(await this.#options.ask(peer, bytes))
        if (fits(answer) && satisfies(answer)) {
          this.#registrar = peer
          return answer
        }
        if (fits(answer)) second = answer
        problems.set(peer, answer.type === 'Redirect' ? 'is not the registrar' : 'answered askew')
        if (answer.type === 'Redirect' && answer.registrar) {
          this.#options.learn(answer.registrar, answer.addresses ?? [])
          redirects.push(answer.registrar)
        }
      } catch (error) {
        problems.set(peer, messageOf(error))
      }
      if (this.#registrar === peer) this.#registrar = undefined
    }
    if (second !== undefined) return second
    throw unreachable(problems)
  }

  #candidates(): string[] {
    const all = this.#options.candidates()
    const begin = all.length === 0 ? 0 : this.#begin % all.length
    return [...all.slice(begin), ...all.slice(0, begin)]
  }

  #nextCandidate(others: string[], asked: ReadonlyMap<string, string>): string | undefined {
    const before = others.length
    const peer = nextOf(others, asked)
    this.#begin += before - others.length
    return peer
  }
}

/** Takes peers away from the front up to the first that was not asked. */
function nextOf(peers: string[], asked: ReadonlyMap<string, string>): string | undefined {
  for (let peer = peers.shift(); peer !== undefined; peer = peers.shift()) {
    if (!asked.has(peer)) return peer
  }
  return undefined
}

function isSlice(answer: Answer): answer is Extract<Answer, { type: 'Slice' }> {
  return answer.type === 'Slice'
}

function isAppended(answer: Answer): answer is Appended {
  return answer.type !== 'Slice' && answer.type !== 'Redirect'
}

function unreachable(problems: ReadonlyMap<string, string>): RegistryUnreachableError {
  if (problems.size === 0) return new RegistryUnreachableError('no peer is known to ask for it')
  const asked = [...problems].map(([peer, problem]) => `${peer}: ${problem}`)
  return new RegistryUnreachableError(`the registry did not answer (${asked.join('; ')})`)
}
