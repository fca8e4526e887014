// What the prober's thread works on, many beside one another: each has a socket and is called when something has
// arrived on it or its time has come.

import { type Address, familyOf } from '../core/address.ts'
import { allNodesMac, groupMac, type Mac, solicitedNodeGroup } from '../core/link/mac.ts'
import { ProbeWatch } from '../core/link/probe-watch.ts'
import { announcementOf } from '../core/link/sighting.ts'
import type { LinkQuestion, Probed } from '../ports/link-prober.ts'
import { isRunning } from './interface.ts'
import { Obstacle } from './obstacle.ts'
import type { OpenLink } from './open-link.ts'
import { bindTo, joinGroup, listenOn, receiveFrame, sendFrame } from './packet-socket.ts'
import { filterFor } from './socket-filter.ts'

export interface Job {
  readonly fd: number
  readonly nextMs: number
  /** The answer when there is one. Throws what `notPossible` reads. */
  step(nowMs: number): Probed | undefined
}

/** How often a link that has just been set up is looked at; most of them are ready at once. */
const readyLookMs = 5

/** More at a time would keep the other jobs waiting; what is left is read in the next round. */
const framesAtOnceMax = 64

class Readiness {
  readonly #link: OpenLink
  readonly #deadlineMs: number
  #isReady: boolean
  #nextMs = 0

  constructor(link: OpenLink, deadlineMs: number) {
    this.#link = link
    this.#deadlineMs = deadlineMs
    this.#isReady = link.interface.isRunning
  }

  get nextMs(): number {
    return this.#nextMs
  }

  /** Throws `Obstacle` when it took too long. */
  isReady(nowMs: number): boolean {
    this.#isReady ||= isRunning(this.#link.fd, this.#link.name)
    if (!this.#isReady && nowMs >= this.#deadlineMs) {
      throw new Obstacle('Down', `${this.#link.name} has no carrier`)
    }
    this.#nextMs = nowMs + readyLookMs
    return this.#isReady
  }
}

export class ProbeJob implements Job {
  readonly fd: number
  readonly #link: OpenLink
  readonly #question: LinkQuestion
  readonly #deadlineMs: number
  readonly #readiness: Readiness
  #watch: ProbeWatch | undefined

  constructor(link: OpenLink, question: LinkQuestion, deadlineMs: number) {
    this.fd = link.fd
    this.#link = link
    this.#question = question
    this.#deadlineMs = deadlineMs
    this.#readiness = new Readiness(link, deadlineMs)
    for (const group of groupsOf(question)) joinGroup(this.fd, link.interface.index, group)
    listenOn(this.fd, link.interface.index, filterFor(question.targets))
  }

  get nextMs(): number {
    return this.#watch?.nextMs ?? this.#readiness.nextMs
  }

  step(nowMs: number): Probed | undefined {
    if (this.#watch === undefined && !this.#readiness.isReady(nowMs)) return undefined
    const watch = (this.#watch ??= this.#begin(nowMs))
    for (let i = 0; i < framesAtOnceMax; i += 1) {
      const frame = receiveFrame(this.fd)
      if (frame === undefined) break
      watch.see(frame)
    }
    for (const outgoing of watch.due(nowMs)) {
      if (sendFrame(this.fd, outgoing.frame)) outgoing.left(nowMs)
    }
    return watch.isDone ? { type: 'Probed', verdicts: watch.verdicts() } : undefined
  }

  #begin(nowMs: number): ProbeWatch {
    const { targets, pacing } = this.#question
    const { mac } = this.#link.interface
    return new ProbeWatch({ mac, targets, pacing, deadlineMs: this.#deadlineMs }, nowMs)
  }
}

/**
 * To all nodes goes the answer to a question without a sender, and to the group of an address the question of
 * whoever else is about to take it. The kernel joins neither where IPv6 is switched off, or not yet.
 */
function groupsOf({ targets }: LinkQuestion): ReadonlySet<Mac> {
  const wanted = targets.filter(({ address }) => familyOf(address) === 6)
  const groups = wanted.map(({ address }) => groupMac(solicitedNodeGroup(address)))
  return new Set(groups.length === 0 ? [] : [allNodesMac, ...groups])
}

/** Says it once. */
export class AnnounceJob implements Job {
  readonly fd: number
  readonly #readiness: Readiness
  #frames: readonly Uint8Array[]

  constructor(link: OpenLink, addresses: readonly Address[], deadlineMs: number) {
    this.fd = link.fd
    this.#readiness = new Readiness(link, deadlineMs)
    this.#frames = addresses.map(address => announcementOf(link.interface.mac, address))
    bindTo(this.fd, link.interface.index)
  }

  get nextMs(): number {
    return this.#readiness.nextMs
  }

  step(nowMs: number): Probed | undefined {
    if (!this.#readiness.isReady(nowMs)) return undefined
    this.#frames = this.#frames.filter(frame => !sendFrame(this.fd, frame))
    return this.#frames.length === 0 ? { type: 'Probed', verdicts: [] } : undefined
  }
}
