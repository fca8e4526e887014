// The network between the nodes of a world: real frames, unreal weather. What is on its way stays on its way
// when its sender or its receiver dies, and reaches whoever answers to that peer id by then.

import { decodeEnvelope, encodeEnvelope } from '../../src/mesh/codec.ts'
import type { Envelope } from '../../src/core/protocol.ts'
import type { Mesh, MeshListener } from '../../src/ports/mesh.ts'
import type { Agenda } from './agenda.ts'
import type { Chance } from './chance.ts'
import { Cuts, fairWeather, fateOf, type Weather } from './weather.ts'

/** One process that listens. */
interface Endpoint {
  readonly node: number
  readonly peer: string
  readonly listener: MeshListener
  /** Whose rumours it listens to now. */
  readonly cluster: () => string
  /** Peers that it was told to be reachable. */
  readonly seen: Set<string>
}

export interface NetObserver {
  onSent(from: number, peer: string, envelope: Envelope): void
  onDelivered(to: number, peer: string, envelope: Envelope): void
  /** A message that its own receiver cannot read: a mistake of ours. */
  onGarbled(problem: string, envelope: Envelope): void
}

/** A message that a schedule keeps back until it lets it go. */
interface Held {
  readonly from: number
  readonly to: number | undefined
  readonly envelope: Envelope
  readonly deliver: () => void
}

/** A tenth of what is told to everybody gets lost in fair weather as well: nobody may rely on it. */
const rumourLoss = 0.1

export class Net {
  readonly cuts = new Cuts()
  weather: Weather = fairWeather
  /** Whether two that lose or regain sight of each other notice at once. */
  noticeMs = 300
  /** For schedules by hand: which messages are kept back. */
  holds: (from: number, to: number | undefined, envelope: Envelope) => boolean = () => false
  readonly held: Held[] = []
  readonly #agenda: Agenda
  readonly #chance: Chance
  readonly #observer: NetObserver
  readonly #endpoints: Endpoint[] = []

  constructor(agenda: Agenda, chance: Chance, observer: NetObserver) {
    this.#agenda = agenda
    this.#chance = chance
    this.#observer = observer
  }

  listen(own: Omit<Endpoint, 'seen'>): () => void {
    const endpoint: Endpoint = { ...own, seen: new Set() }
    this.#endpoints.push(endpoint)
    this.review()
    return () => {
      const at = this.#endpoints.indexOf(endpoint)
      if (at >= 0) this.#endpoints.splice(at, 1)
      this.review()
    }
  }

  send(from: number, fromPeer: string, toPeer: string, envelope: Envelope): void {
    this.#observer.onSent(from, toPeer, envelope)
    const bytes = encodeEnvelope(envelope)
    const to = this.#endpoints.find(({ peer }) => peer === toPeer)?.node
    if (this.holds(from, to, envelope)) {
      const deliver = () => this.#deliver(fromPeer, toPeer, bytes, envelope)
      this.held.push({ from, to, envelope, deliver })
      return
    }
    const copies = this.#chance.hits(this.weather.doubling) ? 2 : 1
    for (let i = 0; i < copies; i += 1) {
      const delayMs = fateOf(this.weather, this.#chance)
      const isCut = !this.#endpoints.some(
        one => one.peer === toPeer && this.cuts.isOpen(from, one.node)
      )
      if (delayMs === undefined || isCut) continue
      this.#agenda.after(delayMs, () => this.#deliver(fromPeer, toPeer, bytes, envelope))
    }
  }

  publish(from: number, fromPeer: string, cluster: string, envelope: Envelope): void {
    this.#observer.onSent(from, '*', envelope)
    const bytes = encodeEnvelope(envelope)
    for (const endpoint of this.#endpoints) {
      if (endpoint.peer === fromPeer || !this.cuts.isOpen(from, endpoint.node)) continue
      if (endpoint.cluster() !== cluster) continue
      const delayMs = fateOf(this.weather, this.#chance)
      if (delayMs === undefined || this.#chance.hits(rumourLoss)) continue
      this.#agenda.after(2 * delayMs, () => {
        if (!this.#endpoints.includes(endpoint)) return
        const read = decodeEnvelope(bytes)
        if (!('problem' in read)) endpoint.listener.onRumour(fromPeer, read)
        else this.#observer.onGarbled(read.problem, envelope)
      })
    }
  }

  /** Look again who can reach whom, and tell those for whom that has changed, a little later. */
  review(): void {
    for (const endpoint of this.#endpoints) {
      const peers = new Set([...this.#endpoints.map(({ peer }) => peer), ...endpoint.seen])
      for (const peer of peers) {
        if (peer === endpoint.peer || this.#sees(endpoint, peer) === endpoint.seen.has(peer))
          continue
        const noticeMs = this.#chance.between(1, this.noticeMs)
        this.#agenda.after(noticeMs, () => this.#notice(endpoint, peer))
      }
    }
  }

  #notice(endpoint: Endpoint, peer: string): void {
    if (!this.#endpoints.includes(endpoint)) return
    const sees = this.#sees(endpoint, peer)
    if (sees === endpoint.seen.has(peer)) return
    if (sees) endpoint.seen.add(peer)
    else endpoint.seen.delete(peer)
    endpoint.listener.onReachable(peer, sees)
  }

  #sees(endpoint: Endpoint, peer: string): boolean {
    return this.#endpoints.some(
      other =>
        other !== endpoint && other.peer === peer && this.cuts.isOpen(other.node, endpoint.node)
    )
  }

  #deliver(fromPeer: string, toPeer: string, bytes: Uint8Array, envelope: Envelope): void {
    const listening = this.#endpoints.filter(({ peer }) => peer === toPeer)
    if (listening.length === 0) return
    const endpoint = listening.length === 1 ? listening[0] : this.#chance.pick(listening)
    if (endpoint === undefined) return
    const read = decodeEnvelope(bytes)
    if ('problem' in read) return this.#observer.onGarbled(read.problem, envelope)
    this.#observer.onDelivered(endpoint.node, fromPeer, envelope)
    endpoint.listener.onMessage(fromPeer, read)
  }
}

/** The mesh of one process; silent and deaf as soon as `isAlive` says no. */
export class SimMesh implements Mesh {
  readonly peer: string
  readonly #net: Net
  readonly #node: number
  readonly #isAlive: () => boolean
  #hush = () => {}
  #cluster = ''

  constructor(net: Net, node: number, peer: string, isAlive: () => boolean) {
    this.#net = net
    this.#node = node
    this.peer = peer
    this.#isAlive = isAlive
  }

  addresses(): readonly string[] {
    return [`/memory/${this.#node}`]
  }

  listen(listener: MeshListener): void {
    const cluster = () => this.#cluster
    this.#hush = this.#net.listen({ node: this.#node, peer: this.peer, listener, cluster })
  }

  hush(): void {
    this.#hush()
  }

  send(peer: string, envelope: Envelope): void {
    if (this.#isAlive()) this.#net.send(this.#node, this.peer, peer, envelope)
  }

  /** Only the registry that a node keeps is asked this way, and here it is elsewhere. */
  ask(): Promise<Uint8Array> {
    return Promise.reject(new Error('nobody answers questions in this world'))
  }

  setCluster(cluster: string): void {
    this.#cluster = cluster
  }

  publish(envelope: Envelope): void {
    if (this.#isAlive()) this.#net.publish(this.#node, this.peer, this.#cluster, envelope)
  }

  learn(): void {}
}
