// How two processes come to believe one another: a challenge and its answer each way. A session older than one
// that is remembered, also over restarts, proves that its database is a copy from the past.

import {
  type Body,
  type BodyOf,
  commonVersion,
  type Greeting,
  type Session,
  type WireRange
} from '../core/protocol.ts'
import type { ClusterView, Member } from '../core/registry/cluster-view.ts'
import type { Directory } from './directory.ts'
import type { MembershipOptions } from './membership-options.ts'
import { isSuperseded, nonceBytes, Sessions } from './sessions.ts'

/** How often a peer that goes on to be no member is greeted: most will have joined by then. */
const strangerMs = 15_000

/** What the handshake needs of the actor around it. */
export interface Surroundings {
  now(): number
  view(): ClusterView
  /** Outside of any session. */
  say(peer: string, body: Body): void
  onBelieved(member: Member): void
}

export class Handshake {
  readonly sessions: Sessions
  readonly #options: MembershipOptions
  readonly #directory: Directory
  readonly #around: Surroundings
  /** The latest session of each incarnation, as it is stored. */
  readonly #met: Map<string, Session>
  readonly #said = new Set<string>()
  /** When a peer that is no member was seen first, or greeted last. */
  readonly #strangers = new Map<string, number>()

  constructor(options: MembershipOptions, directory: Directory, around: Surroundings) {
    this.sessions = new Sessions(options.random)
    this.#options = options
    this.#directory = directory
    this.#around = around
    this.#met = new Map(options.peers)
  }

  /** Unless an earlier greeting may still be answered. */
  greet({ incarnation, peer }: Member): void {
    const nonce = this.sessions.greet(incarnation, this.#around.now())
    const { node } = this.#options
    if (nonce === undefined) return
    this.#around.say(peer, { type: 'Hello', nonce, node, wire: this.#talked() })
  }

  /** Whoever has the key and is no member may be of another cluster: then both should hear of it. */
  greetStranger(peer: string): void {
    const now = this.#around.now()
    if (this.#around.view().cluster === undefined) return
    const since = this.#strangers.get(peer)
    if (since === undefined || now - since >= strangerMs) this.#strangers.set(peer, now)
    if (since === undefined || now - since < strangerMs) return
    const { node, random } = this.#options
    const nonce = random.hex(nonceBytes)
    this.#around.say(peer, { type: 'Hello', nonce, node, wire: this.#talked() })
  }

  /** Not what is over, as the registry says: then this release may have nothing left to talk. */
  #talked(): WireRange {
    const { min, max } = this.#options.wire
    return { min: Math.max(min, this.#around.view().minWire), max }
  }

  /** One of the messages that make a session. */
  heard(member: Member, session: Session, body: Greeting): void {
    switch (body.type) {
      case 'Hello':
        return this.#helloHeard(member, session, body)
      case 'Welcome':
        return this.#welcomeHeard(member, session, body)
      case 'Greeted':
        return this.#greetedHeard(member, session, body)
      case 'Rebuff':
        return this.#rebuffed(member, body)
    }
  }

  #helloHeard(member: Member, session: Session, hello: BodyOf<'Hello'>): void {
    const { peer, incarnation, node } = member
    const answer = hello.nonce
    const known = this.#met.get(incarnation)
    if (this.#options.rules.superseded && known !== undefined && isSuperseded(session, known)) {
      return this.#around.say(peer, { type: 'Rebuff', why: 'Superseded', answer, known })
    }
    const wire = this.#talked()
    const version = commonVersion(hello.wire, wire)
    if (version === undefined) {
      if (!this.#said.has(`wire ${node}`)) {
        this.#said.add(`wire ${node}`)
        const theirs = hello.wire
        this.#options.log.error(
          { node, theirs, own: wire },
          'a node talks no wire version that this one talks; nothing is exchanged with it. Install the same release, or one beside it'
        )
      }
      return this.#around.say(peer, { type: 'Rebuff', why: 'Version', answer })
    }
    const nonce = this.sessions.challenge(incarnation, version)
    const told = this.#directory.tell()
    const welcome = { type: 'Welcome', answer, nonce, wire, known: told } as const
    this.#around.say(peer, { ...welcome, node: this.#options.node })
  }

  #welcomeHeard(member: Member, session: Session, welcome: BodyOf<'Welcome'>): void {
    const { incarnation, peer } = member
    if (!this.sessions.answersGreeting(incarnation, welcome.answer)) return
    const known = this.#met.get(incarnation)
    // An answer of a process that has ended since: a later one was believed meanwhile.
    if (this.#options.rules.superseded && known !== undefined && isSuperseded(session, known))
      return
    const version = commonVersion(welcome.wire, this.#talked())
    if (version === undefined) return
    this.#directory.learn(welcome.known, this.#around.view())
    this.#around.say(peer, { type: 'Greeted', answer: welcome.nonce })
    this.#believe(member, session, version)
  }

  #greetedHeard(member: Member, session: Session, { answer }: BodyOf<'Greeted'>): void {
    const { incarnation } = member
    const version = this.sessions.versionChallenged(incarnation, answer)
    if (version === undefined) return
    const isNew = !this.sessions.believes(incarnation, session)
    this.#believe(member, session, version)
    // Only who greets is told where others are: a node that everybody greets first would find nobody.
    if (isNew && this.#directory.lacks(this.#around.view())) this.greet(member)
  }

  #rebuffed({ node, incarnation }: Member, { why, answer, known }: BodyOf<'Rebuff'>): void {
    const { log, secretary, onEnded } = this.#options
    if (!this.sessions.answersGreeting(incarnation, answer)) return
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
        if (this.#said.has(`${why} ${node}`)) return
        this.#said.add(`${why} ${node}`)
        log.error({ node, why }, 'a node refuses to talk to this one')
    }
  }

  #believe(member: Member, session: Session, version: number): void {
    const { incarnation } = member
    const { rules, store, log } = this.#options
    const known = this.#met.get(incarnation)
    if (rules.superseded && known !== undefined && isSuperseded(session, known)) return
    if (known === undefined || known.opened !== session.opened || known.id !== session.id) {
      try {
        store.commit([{ type: 'MeetPeer', incarnation, session }])
      } catch (error) {
        log.warn({ error }, 'a session could not be noted; it is tried again')
        return
      }
      this.#met.set(incarnation, session)
    }
    this.sessions.believe(incarnation, { session, version, heardAt: this.#around.now() })
    this.#around.onBelieved(member)
  }
}
