// Asks the link itself, where a pod will be, whether an address is free and a gateway there. It answers what it
// saw; what follows from that is decided by whoever asked.

import type { Address } from '../core/address.ts'
import type { LinkPolicy } from '../core/detection.ts'
import type { AddressVerdict, ProbeTarget } from '../core/link/verdict.ts'
import type { Pacing } from '../core/link/volley.ts'

export type { AddressVerdict, ProbeTarget } from '../core/link/verdict.ts'

/** Where a pod meets its link. */
export interface LinkPlace {
  /** Path of the pod's network namespace. */
  readonly netns: string
  /** The interface in it. It is set up when it is down, as the pod will need it anyway. */
  readonly ifname: string
}

export interface LinkQuestion extends LinkPlace {
  /**
   * An interface of the host on the same link, asked from instead when the pod's one is not there yet, or
   * (ipvlan) would not hear the answers. It is left as it is. Whoever shares it on this node as a macvlan does
   * not hear what it sends.
   */
  readonly master?: string
  /** Of both families, at most `targetsMax`. */
  readonly targets: readonly ProbeTarget[]
  readonly pacing: Pacing
  /** From the call to the answer, waiting included. What is open by then is `Undecided`. */
  readonly budgetMs: number
}

/** More than any pod has interfaces and families for. */
export const targetsMax = 16

/**
 * `NoNamespace`, `NoInterface`: it is not there (any more). `Unsuited`: the interface cannot ask its link who
 * has an address (loopback, NOARP as ipvlan in its mode L3, not Ethernet). `Down`: the host's interface is
 * down, or the link has no carrier. `Forbidden`: this process lacks the right (CAP_SYS_ADMIN, CAP_NET_RAW,
 * CAP_NET_ADMIN). `Busy`: too many questions at once. `Closed`: the prober is closed. `Failed`: anything else.
 */
export type ProbeObstacle =
  'NoNamespace' | 'NoInterface' | 'Unsuited' | 'Down' | 'Forbidden' | 'Busy' | 'Closed' | 'Failed'

export interface ProbeNotPossible {
  readonly type: 'NotPossible'
  readonly why: ProbeObstacle
  /** A sentence for a person. */
  readonly detail: string
}

/** One verdict for each target, in their order. */
export interface Probed {
  readonly type: 'Probed'
  readonly verdicts: readonly AddressVerdict[]
}

export type LinkAnswer = Probed | ProbeNotPossible

export interface LinkOrder extends LinkPlace {
  /** Of both families, at most `targetsMax`. */
  readonly addresses: readonly Address[]
  /** How often, at least once: announcements get lost like everything else. */
  readonly times: number
  /** Between one and the next. */
  readonly gapMs: number
}

export const usualAnnouncements = { times: 2, gapMs: 200 } as const

/** A prober, and what it is used for where neither pool nor network says. */
export interface LinkParts {
  readonly prober: LinkProber
  readonly policy: LinkPolicy
}

export interface LinkProber {
  /**
   * Nothing that is sent names the address as its sender before it has been found free, so nobody's traffic is
   * drawn away. All targets are asked about side by side, and many questions beside one another. Answers as soon
   * as everything is decided, and in any case soon after the budget. Never rejects for what the outside world
   * does. Soon after the answer nothing is open in the namespace any more.
   */
  probe(question: LinkQuestion): Promise<LinkAnswer>

  /**
   * Tell everybody on the link that the addresses are at the pod's interface from now on, so that nobody sends to
   * where they were before. Only for addresses that are this pod's for certain. Resolves after the last one; between them nothing is held open in the namespace. Never
   * rejects: what could not be told is logged, and learned by asking.
   */
  announce(order: LinkOrder): Promise<void>

  /** Whoever waits gets `Closed`; resolves when nothing is open any more. May be called again. */
  close(): Promise<void>
}
