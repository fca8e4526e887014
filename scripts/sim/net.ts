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
  /** Peers with a connection, where not everybody has one to everybody. */
  readonly linked: Set<string>
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

/** As the mesh of a large cluster: so many connections are kept, the others are made when there is something to say. */
const keptLinks = 50
const dialMs = 10
/** Between two messages on one stream. */
const leastGapMs = 0.001

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
  readonly #endpoints = new Set<Endpoint>()
  /** A peer id may be listened for twice, by copies of one database. */
  readonly #byPeer = new Map<string, Endpoint[]>()
  /** Not everybody is connected to everybody. */
  readonly #isSparse: boolean
  /** When the last message from one to another arrives. */
  readonly #lastAt = new Map<string, number>()

  constructor(agenda: Agenda, chance: Chance, observer: NetObserver, isSparse = false) {
    this.#agenda = agenda
    this.#chance = chance
    this.#observer = observer
    this.#isSparse = isSparse
  }

  listen(own: Omit<Endpoint, 'seen' | 'linked'>): () => void {
    const endpoint: Endpoint = { ...own, seen: new Set(), linked: new Set() }
    const others = [...this.#endpoints]
    this.#endpoints.add(endpoint)
    this.#byPeer.set(own.peer, [...this.#at(own.peer), endpoint])
    for (let i = 0; this.#isSparse && i < keptLinks && others.length > 0; i += 1) {
      this.#link(endpoint, this.#chance.pick(others))
    }
    this.#reviewOne(endpoint)
    return () => {
      this.#endpoints.delete(endpoint)
      const left = this.#at(own.peer).filter(one => one !== endpoint)
      if (left.length > 0) this.#byPeer.set(own.peer, left)
      else this.#byPeer.delete(own.peer)
      for (const other of this.#endpoints) this.#compare(other, own.peer)
    }
  }

  #at(peer: string): readonly Endpoint[] {
    return this.#byPeer.get(peer) ?? []
  }

  #link(a: Endpoint, b: Endpoint): void {
    a.linked.add(b.peer)
    b.linked.add(a.peer)
  }

  /** Who is spoken to is connected from then on; how long that takes. */
  #dial(from: number, fromPeer: string, to: Endpoint | undefined): number {
    const own = this.#at(fromPeer).find(({ node }) => node === from)
    if (!this.#isSparse || to === undefined || own === undefined || own.linked.has(to.peer))
      return 0
    if (!this.cuts.isOpen(from, to.node) || !this.cuts.isOpen(to.node, from)) return 0
    this.#link(own, to)
    this.#compare(own, to.peer)
    this.#compare(to, own.peer)
    return dialMs
  }

  send(from: number, fromPeer: string, toPeer: string, envelope: Envelope): void {
    this.#observer.onSent(from, toPeer, envelope)
    const bytes = encodeEnvelope(envelope)
    const [to] = this.#at(toPeer)
    if (this.holds(from, to?.node, envelope)) {
      const deliver = () => this.#deliver(fromPeer, toPeer, bytes, envelope)
      this.held.push({ from, to: to?.node, envelope, deliver })
      return
    }
    const dialledMs = this.#dial(from, fromPeer, to)
    const copies = this.#chance.hits(this.weather.doubling) ? 2 : 1
    for (let i = 0; i < copies; i += 1) {
      const delayMs = fateOf(this.weather, this.#chance)
      const isCut = !this.#at(toPeer).some(one => this.cuts.isOpen(from, one.node))
      if (delayMs === undefined || isCut) continue
      this.#agenda.after(this.#inOrder(fromPeer, toPeer, dialledMs + delayMs), () =>
        this.#deliver(fromPeer, toPeer, bytes, envelope)
      )
    }
  }

  /**
   * Histories are to break rules, and messages overtake one another there. In large worlds costs are counted: as on
   * one stream, a question does not overtake the greeting that it follows.
   */
  #inOrder(fromPeer: string, toPeer: string, delayMs: number): number {
    if (!this.#isSparse) return delayMs
    const { now } = this.#agenda
    const way = `${fromPeer}>${toPeer}`
    const at = Math.max(now + delayMs, (this.#lastAt.get(way) ?? 0) + leastGapMs)
    this.#lastAt.set(way, at)
    return at - now
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
        if (!this.#endpoints.has(endpoint)) return
        const read = decodeEnvelope(bytes)
        if (!('problem' in read)) endpoint.listener.onRumour(fromPeer, read)
        else this.#observer.onGarbled(read.problem, envelope)
      })
    }
  }

  /** Look again who can reach whom, and tell those for whom that has changed, a little later. */
  review(): void {
    for (const endpoint of this.#endpoints) {
      for (const peer of new Set([...this.#byPeer.keys(), ...endpoint.seen])) {
        this.#compare(endpoint, peer)
      }
    }
  }

  #reviewOne(endpoint: Endpoint): void {
    for (const other of this.#endpoints) {
      this.#compare(other, endpoint.peer)
      this.#compare(endpoint, other.peer)
    }
  }

  /** Does what it was told of this peer still hold? */
  #compare(endpoint: Endpoint, peer: string): void {
    if (peer === endpoint.peer || this.#sees(endpoint, peer) === endpoint.seen.has(peer)) return
    const noticeMs = this.#chance.between(1, this.noticeMs)
    this.#agenda.after(noticeMs, () => this.#notice(endpoint, peer))
  }

  #notice(endpoint: Endpoint, peer: string): void {
    if (!this.#endpoints.has(endpoint)) return
    const sees = this.#sees(endpoint, peer)
    if (sees === endpoint.seen.has(peer)) return
    if (sees) endpoint.seen.add(peer)
    else endpoint.seen.delete(peer)
    endpoint.listener.onReachable(peer, sees)
  }

  #sees(endpoint: Endpoint, peer: string): boolean {
    if (this.#isSparse && !endpoint.linked.has(peer)) return false
    return this.#at(peer).some(
      other => other !== endpoint && this.cuts.isOpen(other.node, endpoint.node)
    )
  }

  #deliver(fromPeer: string, toPeer: string, bytes: Uint8Array, envelope: Envelope): void {
    const listening = this.#at(toPeer)
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
