// Answers what other nodes ask of the registry: at the registrar from its log, elsewhere with the way to it.
// Who asks is known from the connection, so what it may have written is judged here.

import type { ClusterView } from '../core/registry/cluster-view.ts'
import { parseRecord } from '../core/registry/record-text.ts'
import { allRules } from '../core/lease/rules.ts'
import type { Clock } from '../ports/clock.ts'
import { Admissions } from './admissions.ts'
import type { Registrar } from './registrar.ts'
import { type Answer, decodeQuestion, encodeAnswer, type Question } from './registry-wire.ts'

/** A peer id, and the multiaddresses where it may be. */
export interface Belief {
  readonly registrar: string
  readonly addresses: readonly string[]
}

export interface RegistryServiceOptions {
  /** Undefined at nodes that do not keep the log. */
  readonly registrar: Registrar | undefined
  /** The node that is believed to keep it, where this one does not. */
  readonly believed: () => Belief | undefined
  /** How many records this node has a copy of. */
  readonly head: () => number
  readonly clock: Clock
  /** This node's name. */
  readonly node: string
}

export class RegistryService {
  readonly #options: RegistryServiceOptions
  readonly #admissions: Admissions | undefined

  constructor(options: RegistryServiceOptions) {
    this.#options = options
    const { registrar, clock, node } = options
    if (registrar === undefined) return
    this.#admissions = new Admissions({
      ...{ clock, node, rules: allRules },
      view: () => registrar.view,
      // While they waited it may have turned out that the log goes on elsewhere.
      append: async (index, record) =>
        registrar.isOpen ? registrar.append(index, record) : { type: 'Conflict' }
    })
  }

  /** For MeshListener.onAsked. Rejects for what is no question, and when the store fails. */
  async answer(peer: string, question: Uint8Array): Promise<Uint8Array> {
    return encodeAnswer(await this.#answer(peer, decodeQuestion(question)))
  }

  async #answer(peer: string, question: Question): Promise<Answer> {
    const { registrar, believed, head } = this.#options
    const known = question.type === 'Read' ? question.from - 1 : question.index - 1
    const isBeyond = registrar?.view.byPeer.has(peer) === true && known > registrar.view.index
    if (isBeyond) registrar.overtake()
    // Who knows more hears how much less this one does; nobody else is told anything out of the past.
    if (registrar === undefined || (!registrar.isOpen && !isBeyond)) {
      return { type: 'Redirect', ...believed(), head: head() }
    }
    if (question.type === 'Read') return { type: 'Slice', ...(await registrar.read(question.from)) }
    const { index, record } = question
    const next = registrar.view.index + 1
    const why = whyNotFrom(peer, registrar.view, record)
    if (why === undefined && index > 1 && index <= next) {
      const admitted = this.#admissions?.ask(index, record)
      if (admitted !== undefined) return admitted
    }
    // Who is late reads first: what has happened since may explain more than a refusal.
    if (index !== next) return { type: 'Conflict' }
    return why === undefined ? await registrar.append(index, record) : { type: 'Refused', why }
  }
}

/** A node joins as itself only, and speaks for the cluster as a member only. */
function whyNotFrom(peer: string, view: ClusterView, bytes: Uint8Array): string | undefined {
  const record = parseRecord(bytes)
  if ('problem' in record) return `this is no record: ${record.problem}`
  if (record.type === 'Genesis') {
    return 'only the registrar itself founds the cluster; wait until it has, then join'
  }
  if (record.type === 'Join') {
    const other = record.members.find(member => member.peer !== peer)
    if (other === undefined) return undefined
    return `peer ${peer} may not join as peer ${other.peer} (${other.node}); every node joins for itself`
  }
  const member = view.byPeer.get(peer)
  if (member === undefined) {
    return `peer ${peer} is no member and writes nothing but its own Join; join first`
  }
  if (record.type === 'Talk' && record.incarnation !== member.incarnation) {
    return `${member.node} may not say what another member talks; every node says so of itself`
  }
  if (member.removed === undefined) return undefined
  return `${member.node} was removed by record ${member.removed.fence}; it must join as a new incarnation first`
}
