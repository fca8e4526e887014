// A look at one node from another: a question and its answer as JSON over a stream of the mesh, and how much of it
// there may be. Only members are answered, only with what changes nothing: docs/adr/0013.

import { messageOf } from '../core/error-text.ts'
import { isObject, type Json } from '../core/fields.ts'
import type { Clock } from '../ports/clock.ts'
import type { Answer } from './answer.ts'
import { refused } from './answer.ts'

/** A path with its query, and the description of a pod. */
const questionBytesMax = 16 * 1024

/** What a stream of the mesh carries, less what stands around it. Whoever wants more asks for a page of it. */
const answerBytesMax = 500 * 1024

/** Questions of all members that are worked on at a time: each may cost some milliseconds of every actor. */
const atOnceMax = 4

/** Questions of one member in a second. A person with `--watch` asks one or two. */
const perSecondMax = 10

export interface Look {
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly body?: Json
}

export interface LooksOptions {
  /** As Mesh.ask about a look. */
  readonly ask: (peer: string, question: Uint8Array) => Promise<Uint8Array>
  readonly clock: Clock
}

type Serve = (peer: string, look: Look) => Promise<Answer>

export class Looks {
  readonly #options: LooksOptions
  readonly #askers = new Map<string, number>()
  #second = 0
  #atOnce = 0
  #serve: Serve = () => Promise.reject(new Error('nobody answers here yet'))

  constructor(options: LooksOptions) {
    this.#options = options
  }

  /** Who answers what others ask. */
  serve(serve: Serve): void {
    this.#serve = serve
  }

  /** Ask another node. Never rejects: a node that does not answer is an answer, too. */
  async ask(node: string, peer: string, look: Look): Promise<Answer> {
    const question = Buffer.from(JSON.stringify({ v: 1, ...look }))
    if (question.length > questionBytesMax) {
      return refused(400, `the question is longer than ${questionBytesMax} bytes`)
    }
    try {
      return readAnswer(await this.#options.ask(peer, question))
    } catch (error) {
      return refused(503, `${node} does not answer through the mesh: ${messageOf(error)}`)
    }
  }

  /** For MeshListener.onAsked. Rejects for what is no question, and when there are too many. */
  async answer(peer: string, question: Uint8Array): Promise<Uint8Array> {
    this.#charge(peer)
    const look = readLook(question)
    this.#atOnce += 1
    try {
      const answer = written(await this.#serve(peer, look))
      if (answer.length <= answerBytesMax) return answer
      const why = `the answer has ${answer.length} bytes and the mesh carries ${answerBytesMax}; ask for less of it`
      return written(refused(400, why))
    } finally {
      this.#atOnce -= 1
    }
  }

  #charge(peer: string): void {
    const second = Math.floor(this.#options.clock.monotonicMs() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#askers.clear()
    }
    const asked = (this.#askers.get(peer) ?? 0) + 1
    this.#askers.set(peer, asked)
    if (asked > perSecondMax || this.#atOnce >= atOnceMax) throw new Error('too many questions')
  }
}

function written({ status, body }: Answer): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, status, body }))
}

function readLook(bytes: Uint8Array): Look {
  if (bytes.length > questionBytesMax) throw new Error('a look is too long')
  const { v, method, path, body = {} } = parse(bytes)
  const isKnown = v === 1 && (method === 'GET' || method === 'POST') && typeof path === 'string'
  if (!isKnown || !isObject(body)) throw new Error('this is no look')
  return { method, path, body }
}

function readAnswer(bytes: Uint8Array): Answer {
  const { v, status, body } = parse(bytes)
  const isStatus = typeof status === 'number' && Number.isInteger(status)
  if (v !== 1 || !isStatus || status < 200 || status > 599) throw new Error('it says nothing known')
  return { status, body }
}

function parse(bytes: Uint8Array): Json {
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  if (!isObject(value)) throw new Error('this is no JSON object')
  return value
}
