// MEMBERSHIP: who is in the cluster, who can be reached, and which session of each member is believed. Nothing
// of other nodes gets to the other actors but through these guards.

import type { MemberIndex } from '../core/lease/register.ts'
import type { Rules } from '../core/lease/rules.ts'
import { type Body, type Envelope, type Session, type Whereabouts, wire } from '../core/protocol.ts'
import { type ClusterView, emptyView, living, type Member } from '../core/registry/cluster-view.ts'
import type { AttachmentStore } from '../ports/attachment-store.ts'
import type { Log } from '../ports/log.ts'
import type { Mesh } from '../ports/mesh.ts'
import type { Random } from '../ports/random.ts'
import type { MemberReachable } from './messages/broker.ts'
import type {
  Heard,
  MembershipMessage,
  PeerDescription,
  PeersDescribed,
  ViewAdvanced
} from './messages/membership.ts'
import type { SecretaryMessage } from './messages/secretary.ts'
import type { PeerSays, SubnetMessage } from './messages/subnet.ts'
import type { SynchroniserMessage } from './messages/synchroniser.ts'
import { Outbox } from './outbox.ts'
import type { ActorContext, Behaviour } from './runtime/behaviour.ts'
import type { ActorRef } from './runtime/ref.ts'
import { isSuperseded, Sessions } from './sessions.ts'

/** Many members at once, each with a burst of questions. */
const mailboxLimit = 65_536
const tickMs = 250
/** How many members a Welcome tells of. */
const knownMax = 128

export interface MembershipOptions {
  readonly mesh: Mesh
  readonly store: AttachmentStore
  readonly random: Random
  readonly log: Log
  readonly rules: Rules
  readonly node: string
  readonly incarnation: string
  readonly session: Session
  /** The latest session of each incarnation that was ever believed. */
  readonly peers: ReadonlyMap<string, Session>
  readonly view: ClusterView
  readonly secretary: ActorRef<SecretaryMessage>
  readonly synchroniser: ActorRef<SynchroniserMessage>
  /** Hears of every member that comes and goes. */
  readonly onReachable: (message: MemberReachable) => void
  readonly onEnded: (why: string) => void
}

type Context = ActorContext<MembershipMessage>

export function membership(options: MembershipOptions): Behaviour<MembershipMessage, Membership> {
  return {
    name: 'membership',
    mailboxLimit,
    start: context => {
      context.schedule('tick', tickMs, { type: 'SessionTick' })
      return new Membership(options, context)
    },
    receive: (state, message) => {
      state.receive(message)
      return state
    }
  }
}

class Membership {
  readonly #options: MembershipOptions
  readonly #context: Context
  readonly #sessions: Sessions
  readonly #outbox = new Outbox()
  /** The latest session of each incarnation, as it is stored. */
  readonly #met: Map<string, Session>
  readonly #connected = new Set<string>()
  readonly #reachable = new Set<MemberIndex>()
  readonly #said = new Set<string>()
  readonly #whereabouts = new Map<string, Whereabouts>()
  #subnets: ReadonlyMap<string, ActorRef<SubnetMessage>> = new Map()
  #view: ClusterView = emptyView

  constructor(options: MembershipOptions, context: Context) {
    this.#options = options
    this.#context = context
    this.#sessions = new Sessions(options.random)
    this.#met = new Map(options.peers)
    this.#view = options.view
    if (options.view.cluster !== undefined) options.mesh.setCluster(options.view.cluster)
    // A process that died when it had just read of its removal would not hear of it again.
    if (!this.#isMember()) context.self.insist({ type: 'ViewAdvanced', view: options.view })
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
        return message.replyTo(this.#describe())
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
    for (const peer of this.#connected) this.#judgeReachable(peer)
    for (const member of view.members.values()) {
      if (member.removed === undefined) continue
      this.#sessions.forget(member.incarnation)
      this.#outbox.drop(member.index)
      this.#setReachable(member.index, false)
    }
  }

  #isMember(): boolean {
    return this.#view.byIncarnation.get(this.#options.incarnation)?.removed === undefined
  }

  #heard({ peer, envelope }: Heard): void {
    const { rules, secretary } = this.#options
    const member = this.#admit(peer, envelope)
    if (member === undefined) return
    const { from, body } = envelope
    switch (body.type) {
      case 'Hello':
        return this.#helloHeard(member, envelope, body)
      case 'Welcome':
        return this.#welcomeHeard(member, envelope, body)
      case 'Greeted':
        if (!this.#sessions.answersChallenge(from.incarnation, body.answer)) return
        return this.#believe(member, from.session)
      case 'Rebuff':
        return this.#rebuffed(member, body)
      default:
    }
    const { incarnation, session } = this.#options
    const isForMe =
      envelope.to?.incarnation === incarnation &&
      envelope.to.session.opened === session.opened &&
      envelope.to.session.id === session.id
    if (rules.addressee && !isForMe) return this.#drop('addressee', from.incarnation)
    if (rules.session && !this.#sessions.believes(from.incarnation, from.session)) {
      this.#drop('session', from.incarnation)
      return this.#greet(member)
    }
    if (rules.registryFirst && envelope.registry > this.#view.index) {
      secretary.tell({ type: 'Learn' })
      return this.#drop('registry', from.incarnation)
    }
    const known = this.#sessions.of(from.incarnation)
    if (known !== undefined) known.heardAt = this.#context.clock.monotonicMs()
    this.#route(member.index, body)
  }

  /** G1 and G3, and who it is at all. */
  #admit(peer: string, { cluster, from, registry, body }: Envelope): Member | undefined {
    const { rules, secretary, log } = this.#options
    if (registry > this.#view.index) secretary.tell({ type: 'Learn' })
    if (this.#view.cluster === undefined) return undefined
    const nonce = 'nonce' in body ? body.nonce : ''
    if (cluster !== '' && cluster !== this.#view.cluster) {
      this.#sayOnce(`cluster-${cluster}`, () =>
        log.error(
          { own: this.#view.cluster, other: cluster, peer },
          'a node of another cluster has the same cluster key; nothing is taken from it. Drain one side, remove its state directories and let it join'
        )
      )
      this.#rebuff(peer, 'Cluster', nonce)
      return undefined
    }
    const member = this.#view.byIncarnation.get(from.incarnation)
    if (member === undefined) {
      if (registry <= this.#view.index) this.#rebuff(peer, 'Stranger', nonce)
      return undefined
    }
    if (member.peer !== peer) {
      this.#sayOnce(`forged-${peer}`, () =>
        log.error({ peer, node: member.node }, 'a peer speaks in the name of another; not heard')
      )
      return undefined
    }
    if (rules.fence && member.removed !== undefined) {
      this.#drop('fence', from.incarnation)
      if (body.type !== 'Rebuff') this.#rebuff(peer, 'Fenced', nonce)
      return undefined
    }
    return member
  }

  #helloHeard(member: Member, { from }: Envelope, hello: Extract<Body, { type: 'Hello' }>): void {
    const { rules, mesh, node } = this.#options
    const known = this.#met.get(from.incarnation)
    if (rules.superseded && known !== undefined && isSuperseded(from.session, known)) {
      return this.#rebuff(member.peer, 'Superseded', hello.nonce, known)
    }
    if (hello.wire.max < wire.min || hello.wire.min > wire.max) {
      return this.#rebuff(member.peer, 'Version', hello.nonce)
    }
    const nonce = this.#sessions.challenge(from.incarnation)
    const answer = hello.nonce
    const welcome = { type: 'Welcome', answer, nonce, node, wire, known: this.#known() } as const
    mesh.send(member.peer, this.#envelope(welcome))
  }

  #welcomeHeard(
    member: Member,
    { from }: Envelope,
    welcome: Extract<Body, { type: 'Welcome' }>
  ): void {
    if (!this.#sessions.answersGreeting(from.incarnation, welcome.answer)) return
    const known = this.#met.get(from.incarnation)
    // An answer of a process that has ended since: a later one was believed meanwhile.
    if (known !== undefined && isSuperseded(from.session, known)) return
    this.#learn(welcome.known)
    this.#options.mesh.send(member.peer, this.#envelope({ type: 'Greeted', answer: welcome.nonce }))
    this.#believe(member, from.session)
  }

  #believe(member: Member, session: Session): void {
    const { incarnation } = member
    const known = this.#met.get(incarnation)
    if (known !== undefined && isSuperseded(session, known)) return
    if (known === undefined || known.opened !== session.opened) {
      try {
        this.#options.store.commit([{ type: 'MeetPeer', incarnation, session }])
      } catch (error) {
        this.#options.log.warn({ error }, 'a session could not be noted; it is tried again')
        return
      }
      this.#met.set(incarnation, session)
    }
    this.#sessions.believe(incarnation, session, this.#context.clock.monotonicMs())
    for (const body of this.#outbox.take(member.index)) this.#send(member, session, body)
    this.#judgeReachable(member.peer)
  }

  #rebuffed(
    { node, incarnation }: Member,
    { why, answer, known }: Extract<Body, { type: 'Rebuff' }>
  ): void {
    const { log, secretary, onEnded } = this.#options
    if (!this.#sessions.answersGreeting(incarnation, answer)) return
    switch (why) {
      case 'Superseded':
        return onEnded(
          `node ${node} remembers a later opening of this database (${known?.opened ?? 'unknown'}): it is a copy from the past`
        )
      case 'Fenced':
      case 'Stranger':
        secretary.tell({ type: 'Learn' })
        return
      case 'Cluster':
      case 'Version':
        return this.#sayOnce(`rebuff-${why}-${node}`, () =>
          log.error({ node, why }, 'a node refuses to talk to this one')
        )
    }
  }

  #overheard(peer: string, envelope: Envelope): void {
    const { from, body } = envelope
    const member = this.#view.byIncarnation.get(from.incarnation)
    if (body.type !== 'Rumour' || member?.peer !== peer || member.removed !== undefined) return
    if (envelope.registry > this.#view.index) this.#options.secretary.tell({ type: 'Learn' })
    if (body.addresses.length > 0) {
      const { addresses } = body
      this.#learn([{ incarnation: from.incarnation, peer, addresses }])
    }
    this.#options.synchroniser.tell({ type: 'RumourHeard', from: member.index, rumour: body })
  }

  #route(from: MemberIndex, body: Body): void {
    if (body.type === 'Digest') {
      this.#options.synchroniser.tell({ type: 'DigestHeard', from, digest: body })
    } else if ('domain' in body) {
      const says: PeerSays = { type: 'PeerSays', from, body }
      this.#subnets.get(body.domain)?.tell(says)
    }
  }

  #post(to: MemberIndex, body: Body): void {
    const member = this.#view.members.get(to)
    if (member === undefined || member.removed !== undefined || !this.#isMember()) return
    const session = this.#sessions.of(member.incarnation)?.session
    if (session !== undefined) return this.#send(member, session, body)
    this.#outbox.put(to, body, this.#context.clock.monotonicMs())
    this.#greet(member)
  }

  #send({ peer, incarnation }: Member, session: Session, body: Body): void {
    this.#options.mesh.send(peer, { ...this.#envelope(body), to: { incarnation, session } })
  }

  #greet({ incarnation, peer }: Member): void {
    const { node, mesh } = this.#options
    const nonce = this.#sessions.greet(incarnation, this.#context.clock.monotonicMs())
    if (nonce !== undefined) mesh.send(peer, this.#envelope({ type: 'Hello', nonce, node, wire }))
  }

  #rebuff(
    peer: string,
    why: Extract<Body, { type: 'Rebuff' }>['why'],
    answer: string,
    known?: Session
  ): void {
    // Only a greeting is answered: a rebuff of a rebuff would go on for ever.
    if (answer === '') return
    const body = { type: 'Rebuff', why, answer, ...(known !== undefined && { known }) } as const
    this.#options.mesh.send(peer, this.#envelope(body))
  }

  #envelope(body: Body): Envelope {
    const { incarnation, session } = this.#options
    const { cluster = '', index } = this.#view
    return { version: wire.max, cluster, from: { incarnation, session }, registry: index, body }
  }

  #peerReachable(peer: string, reachable: boolean): void {
    if (reachable) this.#connected.add(peer)
    else this.#connected.delete(peer)
    // Before it has joined a node waits for just this: somebody to ask for the registry.
    if (reachable && !this.#view.byIncarnation.has(this.#options.incarnation)) {
      this.#options.secretary.tell({ type: 'Learn' })
    }
    this.#judgeReachable(peer)
  }

  /** A member can be reached when there is a connection and its session is believed. */
  #judgeReachable(peer: string): void {
    const member = this.#view.byPeer.get(peer)
    if (member === undefined || member.removed !== undefined || !this.#isMember()) return
    if (member.incarnation === this.#options.incarnation) return
    const isBelieved = this.#sessions.of(member.incarnation) !== undefined
    const isConnected = this.#connected.has(peer)
    if (isConnected && !isBelieved) this.#greet(member)
    this.#setReachable(member.index, isConnected && isBelieved)
  }

  #setReachable(member: MemberIndex, reachable: boolean): void {
    if (this.#reachable.has(member) === reachable) return
    if (reachable) this.#reachable.add(member)
    else this.#reachable.delete(member)
    this.#options.onReachable({ type: 'MemberReachable', member, reachable })
  }

  #tick(): void {
    const now = this.#context.clock.monotonicMs()
    for (const to of this.#outbox.expire(now)) {
      const member = this.#view.members.get(to)
      if (member !== undefined) this.#greet(member)
    }
    for (const peer of this.#connected) this.#judgeReachable(peer)
    this.#context.schedule('tick', tickMs, { type: 'SessionTick' })
  }

  #learn(known: readonly Whereabouts[]): void {
    const others = known.filter(({ incarnation }) => incarnation !== this.#options.incarnation)
    for (const one of others) {
      if (this.#view.byIncarnation.has(one.incarnation)) this.#whereabouts.set(one.peer, one)
    }
    this.#options.mesh.learn(others)
  }

  #known(): Whereabouts[] {
    const { incarnation, mesh } = this.#options
    const own = { incarnation, peer: mesh.peer, addresses: [...mesh.addresses()] }
    return [own, ...this.#whereabouts.values()].slice(0, knownMax)
  }

  #describe(): PeersDescribed {
    const now = this.#context.clock.monotonicMs()
    const { incarnation } = this.#options
    const peers = living(this.#view)
      .filter(member => member.incarnation !== incarnation)
      .map(({ index, node, peer, incarnation: other }): PeerDescription => {
        const known = this.#sessions.of(other)
        return {
          member: index,
          node,
          peer,
          connected: this.#connected.has(peer),
          ...(known && { session: known.session, silentMs: now - known.heardAt })
        }
      })
    return { view: this.#view, incarnation, peers }
  }

  #drop(guard: string, incarnation: string): void {
    this.#options.log.debug({ guard, incarnation }, 'a message was not let in')
  }

  #sayOnce(what: string, say: () => void): void {
    if (this.#said.has(what)) return
    this.#said.add(what)
    say()
  }
}
