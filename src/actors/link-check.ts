// What an ADD got is looked for on the pod's link before anybody is told, when that is configured.

import type { Address } from '../core/address.ts'
import type { Attachment } from '../core/attachment.ts'
import {
  detectionFor,
  type DetectionWish,
  type Finding,
  findingOf,
  type LinkPolicy,
  targetFor
} from '../core/detection.ts'
import type { IpPool } from '../core/ip-pool.ts'
import type { ProbeTarget } from '../core/link/verdict.ts'
import { usualPacing } from '../core/link/volley.ts'
import {
  type LinkAnswer,
  type LinkParts,
  type LinkPlace,
  type LinkProber,
  usualAnnouncements
} from '../ports/link-prober.ts'
import type { AllocatorMessage } from './messages/allocator.ts'
import type { ActorContext } from './runtime/behaviour.ts'

export interface LinkQuery extends LinkPlace {
  readonly master?: string
  readonly wish: DetectionWish
  readonly gains: readonly { readonly address: Address; readonly pool: IpPool }[]
  /** How long an answer is of use. */
  readonly leftMs: number
}

interface Open {
  readonly targets: readonly ProbeTarget[]
  readonly onFinding: (finding: Finding) => void
}

export class LinkCheck {
  readonly #policy: LinkPolicy
  readonly #prober: LinkProber
  readonly #context: ActorContext<AllocatorMessage>
  readonly #open = new Map<number, Open>()
  #lastId = 0

  constructor({ policy, prober }: LinkParts, context: ActorContext<AllocatorMessage>) {
    this.#policy = policy
    this.#prober = prober
    this.#context = context
  }

  /** `onFinding` is called at once when nothing is to be looked for. */
  ask(query: LinkQuery, onFinding: Open['onFinding']): void {
    const { netns, ifname, master, gains, wish, leftMs } = query
    const targets = gains.flatMap(
      ({ address, pool }) => targetFor(address, pool, detectionFor(pool, wish, this.#policy)) ?? []
    )
    if (targets.length === 0) return onFinding({ type: 'NotWanted' })
    this.#lastId += 1
    const id = this.#lastId
    this.#open.set(id, { targets, onFinding })
    const budgetMs = Math.max(1, Math.min(this.#policy.budgetMs, leftMs))
    this.#context.pipe(
      this.#prober.probe({
        ...{ netns, ifname, targets, budgetMs, pacing: usualPacing },
        ...(master !== undefined && { master })
      }),
      answer => ({ type: 'LinkAnswered', id, answer }),
      error => ({ type: 'LinkAnswered', id, answer: failed(error) })
    )
  }

  answered(id: number, answer: LinkAnswer): void {
    const open = this.#open.get(id)
    this.#open.delete(id)
    if (open === undefined) return
    if (answer.type === 'Probed') open.onFinding(findingOf(answer.verdicts, open.targets))
    else open.onFinding({ type: 'Unasked', why: answer.detail })
  }

  /** The pod has them for certain. The kernel's own word came when the link was set up, without addresses. */
  announce({ key, sandbox, assignments }: Attachment): void {
    const addresses = assignments.map(({ address }) => address)
    const place = { netns: sandbox.path, ifname: key.ifname }
    void this.#prober.announce({ ...place, addresses, ...usualAnnouncements })
  }
}

function failed(error: unknown): LinkAnswer {
  return { type: 'NotPossible', why: 'Failed', detail: String(error) }
}
