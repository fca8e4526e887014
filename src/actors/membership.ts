// MEMBERSHIP: who is in the cluster, who can be reached, and which session of each member is believed. Nothing
// of other nodes gets to the other actors but through these guards.

import type { MemberIndex } from '../core/lease/register.ts'
import { type Body, type Envelope, isGreeting } from '../core/protocol.ts'
import type { ClusterView, Member } from '../core/registry/cluster-view.ts'
import type {
  Heard,
  MembershipMessage,
  PeersDescribed,
  ViewAdvanced
} from './messages/membership.ts'
import type { PeerSays, SubnetMessage } from './messages/subnet.ts'
import { Directory } from './directory.ts'
import { type Doorway, type Entry, judgeEntry } from './door.ts'
import { Handshake } from './handshake.ts'
import type { MembershipOptions } from './membership-options.ts'
import { Outbox } from './outbox.ts'
import { Reachability } from './reachability.ts'
import { describePeers } from './peer-report.ts'
import { Rebuffs } from './rebuffs.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import { lively } from './runtime/lively.ts'
import type { ActorRef } from './runtime/ref.ts'
import type { Acquaintance } from './sessions.ts'

/** Many members at once, each with a burst of questions. */
const mailboxLimit = 65_536
const tickMs = 250

export function membership(options: MembershipOptions): Behaviour<MembershipMessage, Membership> {
  return {
    name: 'membership',
    mailboxLimit,
    start: context => {
      context.schedule('tick', tickMs, { type: 'SessionTick' })
      return new Membership(options, context)
    },
    ...lively<MembershipMessage, Membership>()
  }
}

class Membership {
  readonly #options: MembershipOptions
  readonly #context: ActorContext<MembershipMessage>
  readonly #handshake: Handshake
  readonly #outbox = new Outbox()
  readonly #reach: Reachability
  readonly #said = new Set<string>()
  readonly #directory: Directory
  readonly #rebuffs: Rebuffs
  #subnets: ReadonlyMap<string, ActorRef<SubnetMessage>> = new Map()
  #view: ClusterView

  constructor(options: MembershipOptions, context: ActorContext<MembershipMessage>) {
    this.#options = options
    this.#context = context
    this.#reach = new Reachability(options.onReachable)
    this.#directory = new Directory(options.mesh, options.incarnation)
    const now = () => context.clock.monotonicMs()
    const say = (peer: string, body: Body) => options.mesh.send(peer, this.#envelope(body))
    this.#rebuffs = new Rebuffs(now, say)
    this.#handshake = new Handshake(options, this.#directory, {
      ...{ now, say },
      view: () => this.#view,
      onBelieved: member => this.#believed(member)
    })
    this.#view = options.view
    if (options.view.cluster !== undefined) options.mesh.setCluster(options.view.cluster)
    // A process that died when it had just read of its removal would not hear of it again.
    if (this.#isRemoved()) context.self.insist({ type: 'ViewAdvanced', view: options.view })
  }

  receive(message: MembershipMessage): void {
    switch (message.type) {
      case 'Heard':
        return this.#heard(message)
      case 'Overheard':
        return this.#overheard(message.peer, message.envelope)
      case 'PeerReachable':
        return this.#peerReachable(message.peer, message.reachable)
      case 'Post':
        return this.#post(message.to, message.body)
      case 'Publish':
        return this.#options.mesh.publish(this.#envelope(message.body))
      case 'ViewAdvanced':
        return this.#enter(message)
      case 'SubnetsChanged':
        this.#subnets = message.subnets
        return
      case 'SessionTick':
        return this.#tick()
      case 'DescribePeers':
        return message.replyTo(this.describe())
    }
  }

  #enter({ view }: ViewAdvanced): void {
    const isFirst = this.#view.cluster === undefined && view.cluster !== undefined
    this.#view = view
    if (isFirst && view.cluster !== undefined) this.#options.mesh.setCluster(view.cluster)
    const me = view.byIncarnation.get(this.#options.incarnation)
    if (me?.removed !== undefined) {
      this.#options.onEnded(`this node was removed from the cluster: ${me.removed.evidence}`)
    }
    for (const peer of this.#reach.connected) this.#judgeReachable(peer)
    for (const member of view.members.values()) {
      if (member.removed === undefined) continue
      this.#handshake.sessions.forget(member.incarnation)
      this.#outbox.drop(member.index)
      this.#reach.set(member.index, false)
    }
  }

  /** Who has not joined yet is not: it greets, and hears nobody, since all others have read more of the registry. */
  #isRemoved(): boolean {
    return this.#view.byIncarnation.get(this.#options.incarnation)?.removed !== undefined
  }

  #heard({ peer, envelope }: Heard): void {
    const { from, body, registry } = envelope
    if (registry > this.#view.index) this.#options.secretary.tell({ type: 'Learn' })
    const entry = judgeEntry(this.#doorway(), peer, envelope)
    switch (entry.type) {
      case 'Out':
        return this.#turnAway(peer, envelope, entry)
      case 'Greeting':
        return this.#handshake.heard(entry.member, from.session, entry.body)
      case 'In': {
        const known = this.#handshake.sessions.of(from.incarnation)
        if (known !== undefined) known.heardAt = this.#context.clock.monotonicMs()
        return this.#route(entry.member.index, body)
      }
    }
  }

  #doorway(): Doorway {
    const { rules, incarnation, session } = this.#options
    const { sessions } = this.#handshake
    return {
      ...{ view: this.#view, rules, own: { incarnation, session } },
      believes: speaker => sessions.believes(speaker.incarnation, speaker.session)
    }
  }

  #turnAway(peer: string, envelope: Envelope, entry: Extract<Entry, { type: 'Out' }>): void {
    const { guard, member } = entry
    const { cluster, from, registry, body } = envelope
    const { log } = this.#options
    const nonce = 'nonce' in body ? body.nonce : ''
    log.debug({ guard, incarnation: from.incarnation }, 'a message was not let in')
    switch (guard) {
      case 'cluster':
        this.#sayOnce(`cluster-${cluster}`, () =>
          log.error(
            { own: this.#view.cluster, other: cluster, peer },
            'a node of another cluster has the same cluster key; nothing is taken from it. Drain one side, remove its state directories and let it join'
          )
        )
        return this.#rebuffs.say(peer, 'Cluster', nonce)
      case 'stranger':
        // With more of the registry it may turn out to be a member.
        if (registry <= this.#view.index) this.#rebuffs.say(peer, 'Stranger', nonce)
        return
      case 'forged':
        return this.#sayOnce(`forged-${peer}`, () =>
          log.error({ peer, node: member?.node }, 'a peer speaks in the name of another; not heard')
        )
      case 'fence':
        if (body.type !== 'Rebuff') this.#rebuffs.removed(peer, nonce)
        return
      case 'session':
        if (member !== undefined) this.#handshake.greet(member)
        return
      case 'addressee':
        // It speaks to a process that is gone, and knows of this one only when it is told.
        if (member !== undefined) this.#handshake.greet(member)
        return
      case 'unfounded':
      case 'registry':
    }
  }

  #believed(member: Member): void {
    const known = this.#handshake.sessions.of(member.incarnation)
    if (known === undefined) return
    for (const body of this.#outbox.take(member.index)) this.#send(member, known, body)
    this.#judgeReachable(member.peer)
  }

  #overheard(peer: string, envelope: Envelope): void {
    const { from, body } = envelope
    const member = this.#view.byIncarnation.get(from.incarnation)
    if (body.type !== 'Rumour' || member?.peer !== peer || member.removed !== undefined) return
    if (envelope.registry > this.#view.index) this.#options.secretary.tell({ type: 'Learn' })
    const { addresses } = body
    if (addresses.length > 0) {
      this.#directory.learn([{ incarnation: from.incarnation, peer, addresses }], this.#view)
    }
    this.#options.synchroniser.tell({ type: 'RumourHeard', from: member.index, rumour: body })
  }

  #route(from: MemberIndex, body: Body): void {
    if (body.type === 'Digest') {
      this.#options.synchroniser.tell({ type: 'DigestHeard', from, digest: body })
    } else if (!isGreeting(body) && body.type !== 'Rumour') {
      const says: PeerSays = { type: 'PeerSays', from, body }
      this.#subnets.get(body.domain)?.tell(says)
    }
  }

  #post(to: MemberIndex, body: Body): void {
    const member = this.#view.members.get(to)
    if (member === undefined || member.removed !== undefined || this.#isRemoved()) return
    const known = this.#handshake.sessions.of(member.incarnation)
    if (known !== undefined) return this.#send(member, known, body)
    this.#outbox.put(to, body, this.#context.clock.monotonicMs())
    this.#handshake.greet(member)
  }

  #send({ peer, incarnation }: Member, { session, version }: Acquaintance, body: Body): void {
    const envelope = this.#envelope(body, version)
    this.#options.mesh.send(peer, { ...envelope, to: { incarnation, session } })
  }

  /** Outside of a session it is what everybody can read. */
  #envelope(body: Body, version?: number): Envelope {
    const { incarnation, session, wire } = this.#options
    const { cluster = '', index, minWire } = this.#view
    const from = { incarnation, session }
    return { version: version ?? Math.max(minWire, wire.min), cluster, from, registry: index, body }
  }

  #peerReachable(peer: string, reachable: boolean): void {
    this.#reach.connect(peer, reachable)
    // Before it has joined a node waits for just this: somebody to ask for the registry.
    if (reachable && !this.#view.byIncarnation.has(this.#options.incarnation)) {
      this.#options.secretary.tell({ type: 'Learn' })
    }
    this.#judgeReachable(peer)
  }

  /** A member can be reached when there is a connection and its session is believed. */
  #judgeReachable(peer: string): void {
    const member = this.#view.byPeer.get(peer)
    if (this.#isRemoved() || member?.incarnation === this.#options.incarnation) return
    if (member === undefined) return this.#handshake.greetStranger(peer)
    if (member.removed !== undefined) return
    const isBelieved = this.#handshake.sessions.of(member.incarnation) !== undefined
    const isConnected = this.#reach.isConnected(peer)
    if (isConnected && !isBelieved) this.#handshake.greet(member)
    this.#reach.set(member.index, isConnected && isBelieved)
    this.#reach.settle(peer, isConnected && isBelieved)
  }

  #tick(): void {
    const now = this.#context.clock.monotonicMs()
    for (const to of this.#outbox.expire(now)) {
      const member = this.#view.members.get(to)
      if (member !== undefined) this.#handshake.greet(member)
    }
    for (const peer of this.#reach.unsettled) this.#judgeReachable(peer)
    this.#context.schedule('tick', tickMs, { type: 'SessionTick' })
  }

  describe(): PeersDescribed {
    const known = (incarnation: string) => this.#handshake.sessions.of(incarnation)
    const now = this.#context.clock.monotonicMs()
    return describePeers(this.#view, this.#options.incarnation, this.#reach, known, now)
  }

  #sayOnce(what: string, say: () => void): void {
    if (this.#said.has(what)) return
    this.#said.add(what)
    say()
  }
}
