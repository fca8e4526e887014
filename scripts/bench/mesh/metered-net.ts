// A network that carries everything and weighs it. Who is connected to whom follows the mesh: everybody to
// everybody in a cluster of usual size, and in a large one each node to some that it chose by chance.

import type { Envelope } from '../../../src/core/protocol.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/mesh/codec.ts'
import { fullMeshMax, keptPeersMax } from '../../../src/mesh/mesh-limits.ts'
import type { Mesh, MeshListener } from '../../../src/ports/mesh.ts'
import type { Agenda } from '../../sim/agenda.ts'
import type { Chance } from '../../sim/chance.ts'
import type { Tally } from './tally.ts'

/** One way, within one data centre. */
const delayMs = 0.5
/** How soon both ends notice that they can reach each other, or no longer. */
const noticeMs = 2_000

interface Endpoint {
  readonly peer: string
  readonly neighbours: Set<number>
  listener: MeshListener | undefined
}

export class MeteredNet {
  readonly #agenda: Agenda
  readonly #chance: Chance
  readonly #tally: Tally
  readonly #endpoints: Endpoint[]
  readonly #byPeer: ReadonlyMap<string, number>
  /** Nodes with another number cannot be reached. */
  #sideOf: (node: number) => number = () => 0

  constructor(agenda: Agenda, chance: Chance, tally: Tally, peers: readonly string[]) {
    this.#agenda = agenda
    this.#chance = chance
    this.#tally = tally
    this.#endpoints = peers.map(peer => ({ peer, neighbours: new Set(), listener: undefined }))
    this.#byPeer = new Map(peers.map((peer, node) => [peer, node]))
    for (const node of peers.keys())
      for (const other of this.#chosenBy(node)) this.#join(node, other)
  }

  /** Connections, each counted once. */
  get connections(): number {
    return this.#endpoints.reduce((sum, { neighbours }) => sum + neighbours.size, 0) / 2
  }

  neighboursOf(node: number): readonly number[] {
    return [...(this.#endpoints[node]?.neighbours ?? [])]
  }

  /** Let only nodes of one side reach one another; everybody notices within some time. */
  divide(sideOf: (node: number) => number): void {
    const before = this.#sideOf
    this.#sideOf = sideOf
    for (const [node, { neighbours }] of this.#endpoints.entries()) {
      for (const other of neighbours) {
        const sees = sideOf(node) === sideOf(other)
        if (sees !== (before(node) === before(other))) this.#notice(node, other, sees)
      }
    }
  }

  meshOf(node: number): Mesh {
    const endpoint = this.#endpoints[node]
    if (endpoint === undefined) throw new Error(`there is no node ${node}`)
    return {
      peer: endpoint.peer,
      addresses: () => [`/ip4/10.128.${node >> 8}.${node & 255}/tcp/7946`],
      listen: listener => {
        endpoint.listener = listener
        for (const other of endpoint.neighbours) this.#notice(node, other, true)
      },
      send: (peer, envelope) => this.#send(node, peer, envelope),
      ask: () => Promise.reject(new Error('the registry is asked past the mesh here')),
      setCluster: () => {},
      publish: envelope => this.#publish(node, envelope),
      learn: () => {}
    }
  }

  #chosenBy(node: number): number[] {
    const others = [...this.#endpoints.keys()].filter(other => other !== node)
    if (this.#endpoints.length <= fullMeshMax) return others
    return this.#chance.shuffled(others).slice(0, keptPeersMax)
  }

  #join(a: number, b: number): void {
    this.#endpoints[a]?.neighbours.add(b)
    this.#endpoints[b]?.neighbours.add(a)
  }

  #notice(node: number, other: number, sees: boolean): void {
    const peer = this.#endpoints[other]?.peer ?? ''
    this.#agenda.after(this.#chance.between(0, noticeMs), () => {
      this.#endpoints[node]?.listener?.onReachable(peer, sees)
    })
  }

  #send(from: number, peer: string, envelope: Envelope): void {
    const bytes = encodeEnvelope(envelope)
    this.#tally.add(envelope.body.type, bytes.length)
    const to = this.#byPeer.get(peer)
    if (to === undefined || this.#sideOf(from) !== this.#sideOf(to)) return
    this.#agenda.after(delayMs, () => {
      this.#endpoints[to]?.listener?.onMessage(this.#endpoints[from]?.peer ?? '', read(bytes))
    })
  }

  #publish(from: number, envelope: Envelope): void {
    const bytes = encodeEnvelope(envelope)
    this.#tally.add(envelope.body.type, bytes.length)
    const rumour = read(bytes)
    for (const [node, { listener }] of this.#endpoints.entries()) {
      if (node === from || this.#sideOf(node) !== this.#sideOf(from)) continue
      const hops = 1 + this.#chance.below(3)
      this.#agenda.after(hops * delayMs, () => {
        listener?.onRumour(this.#endpoints[from]?.peer ?? '', rumour)
      })
    }
  }
}

function read(bytes: Uint8Array): Envelope {
  const envelope = decodeEnvelope(bytes)
  if ('problem' in envelope) throw new Error(`our own message is none: ${envelope.problem}`)
  return envelope
}
